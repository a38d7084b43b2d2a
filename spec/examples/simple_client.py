"""AEMP simple client: sends ARG... to a port, prints the answer as JSON (spec/simple-client.md)."""
import base64, hashlib, hmac, json, os, socket, sys, time

seed, secret, node_id, port, *args = sys.argv[1:]
host, tcp_port = seed.rsplit(":", 1)
end, buffer = time.monotonic() + 5, b""

def more():
    global buffer  # the end of the connection and of the time are failures
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
    octets = b"".join(content + b"\n" for content in first + second)
    return hmac.new(secret.encode(), octets, hashlib.sha3_512).hexdigest().encode()

def message():
    """The next message; a text that is cut short is tried again when more has come."""
    global buffer
    while True:
        text = buffer.decode(errors="surrogateescape").lstrip(" \t\r\n")
        try:
            value, length = json.JSONDecoder().raw_decode(text)
            buffer = text[length:].encode(errors="surrogateescape")
            return value if isinstance(value, list) else []
        except json.JSONDecodeError:
            more()

try:
    values = [json.loads(arg) if arg[:1] in ("[", "{", '"') else arg for arg in args]
    sock = socket.create_connection((host.strip("[]"), int(tcp_port)), timeout=5)
    ours = [f"aemp;1;{node_id};hmac_sha3_512;json".encode(), base64.b64encode(os.urandom(66))]
    sock.sendall(b"".join(content + b"\n" for content in ours))
    theirs = [line(), line()]
    protocol, _, _, methods, framings = theirs[0].split(b";")[:5]
    if protocol != b"aemp" or theirs[1] == ours[1] or not (
            b"hmac_sha3_512" in methods.split(b",") and b"json" in framings.split(b",")):
        raise OSError(f"no conversation is possible with {theirs[0]}")
    sock.sendall(b"hmac_sha3_512;" + proof(ours, theirs) + b";json\n")
    if line().split(b";")[:3] != [b"hmac_sha3_512", proof(theirs, ours), b"json"]:
        raise OSError("the node does not know the secret")
    sock.sendall(json.dumps([port, *values, node_id + "#reply"]).encode())
    while (answer := message())[:1] != ["reply"]: pass  # requests to our node port: not for us
    print(json.dumps(answer[1:]))
except (OSError, ValueError) as failure:
    sys.exit(f"no answer: {failure}")
