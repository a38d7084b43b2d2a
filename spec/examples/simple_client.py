"""AEMP simple client: send ARG... to a port, print the answer as a JSON array. See spec/simple-client.md."""
import base64, hashlib, hmac, json, os, socket, sys, time

seed, secret, node_id, port, *args = sys.argv[1:]
end = time.monotonic() + 5
buffer = b""
host, tcp_port = seed.rsplit(":", 1)


def more():
    """Reads what comes next; the end of the connection or of the time is a failure."""
    global buffer
    sock.settimeout(max(end - time.monotonic(), 0.001))
    octets = sock.recv(65536)
    if not octets:
        raise OSError("the node closed the connection; is the secret right?")
    buffer += octets


def line():
    """The content of the next line of the handshake."""
    global buffer
    while b"\n" not in buffer[:4098]:
        if len(buffer) > 4097:
            raise OSError("a line of the handshake is too long")
        more()
    content, buffer = buffer.split(b"\n", 1)
    return content.removesuffix(b"\r")


def proof(first, second):
    octets = b"".join(part + b"\n" for part in first + second)
    return hmac.new(secret.encode(), octets, hashlib.sha3_512).hexdigest().encode()


def answer():
    """The arguments of the first message for our port; everything else is dropped."""
    global buffer
    while True:
        start = buffer.lstrip(b" \t\r\n")
        try:  # a text that is cut short, maybe inside a character, fails to parse until more has come
            message, length = json.JSONDecoder().raw_decode(start.decode(errors="ignore"))
        except ValueError:
            more()
            continue
        buffer = start.decode(errors="surrogateescape")[length:].encode(errors="surrogateescape")
        if isinstance(message, list) and message[:1] == ["reply"]:
            return message[1:]


try:
    sock = socket.create_connection((host.strip("[]"), int(tcp_port)), timeout=5)
    ours = [f"aemp;1;{node_id};hmac_sha3_512;json".encode(), base64.b64encode(os.urandom(66))]
    sock.sendall(b"".join(part + b"\n" for part in ours))
    theirs = [line(), line()]
    fields = theirs[0].split(b";")
    if fields[0] != b"aemp" or len(fields) < 5 or b"hmac_sha3_512" not in fields[3].split(b",") \
            or b"json" not in fields[4].split(b",") or theirs[1] == ours[1]:
        raise OSError(f"no conversation is possible with {fields}")
    sock.sendall(b"hmac_sha3_512;" + proof(ours, theirs) + b";json\n")
    method, data, framing = line().split(b";")[:3]
    if method != b"hmac_sha3_512" or framing != b"json" or not hmac.compare_digest(data, proof(theirs, ours)):
        raise OSError("the node does not know the secret")
    values = [json.loads(arg) if arg[:1] in ("[", "{", '"') else arg for arg in args]
    sock.sendall(json.dumps([port, *values, node_id + "#reply"]).encode())
    print(json.dumps(answer()))
except (OSError, ValueError) as failure:
    sys.exit(f"no answer: {failure}")
