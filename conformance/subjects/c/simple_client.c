/* A simple client of AEMP in C: the level `simple` of the specification (spec/simple-client.md).
 *
 *   simple_client HOST:PORT SECRET NODEID PORTNAME ARG...
 *
 * Sends ARG... and a port of its own to PORTNAME, prints the answer as one JSON array and exits 0;
 * 1 without an answer, 2 on wrong usage. Needs a POSIX system and nothing else. */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE_LIMIT = 4096, DIGEST = 64, RATE = 72, NONCE = 66, MESSAGE_LIMIT = 1 << 24 };
#define METHOD "hmac_sha3_512"

static void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    fputs("no answer: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(1);
}

/* Octets that grow. */
typedef struct {
    char *at;
    size_t length, room;
} Text;

static void append(Text *text, const void *octets, size_t length) {
    if (text->length + length + 1 > text->room) {
        text->room = 2 * (text->length + length) + 64;
        text->at = realloc(text->at, text->room);
        if (!text->at) fail("out of memory");
    }
    memcpy(text->at + text->length, octets, length);
    text->length += length;
    text->at[text->length] = 0;
}

static void append_text(Text *text, const char *octets) { append(text, octets, strlen(octets)); }

/* ---- SHA3-512 (FIPS 202) and HMAC (RFC 2104) ---- */

typedef struct {
    uint64_t lane[25];
    size_t position; /* octets of the block that are filled */
} Sha3;

static uint64_t rotate(uint64_t lane, unsigned by) { return by ? lane << by | lane >> (64 - by) : lane; }

static void permute(uint64_t lane[25]) {
    uint8_t lfsr = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t parity[5], moved[25];
        for (int x = 0; x < 5; x++)
            parity[x] = lane[x] ^ lane[x + 5] ^ lane[x + 10] ^ lane[x + 15] ^ lane[x + 20];
        for (int x = 0; x < 5; x++)
            for (int y = 0; y < 5; y++)
                lane[x + 5 * y] ^= parity[(x + 4) % 5] ^ rotate(parity[(x + 1) % 5], 1);
        /* rho and pi: each lane is turned by a triangular number and goes to its new place */
        moved[0] = lane[0];
        for (int x = 1, y = 0, step = 0; step < 24; step++) {
            unsigned turn = (unsigned)((step + 1) * (step + 2) / 2 % 64);
            int place = y, next = (2 * x + 3 * y) % 5;
            moved[place + 5 * next] = rotate(lane[x + 5 * y], turn);
            x = place;
            y = next;
        }
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                lane[x + 5 * y] = moved[x + 5 * y] ^ (~moved[(x + 1) % 5 + 5 * y] & moved[(x + 2) % 5 + 5 * y]);
        for (int bit = 0; bit < 7; bit++) { /* iota: the round constant, bit by bit */
            if (lfsr & 1) lane[0] ^= (uint64_t)1 << ((1u << bit) - 1);
            lfsr = (uint8_t)(lfsr << 1 ^ (lfsr & 0x80 ? 0x71 : 0));
        }
    }
}

static void sha3_add(Sha3 *sha3, const void *octets, size_t length) {
    const uint8_t *at = octets;
    for (; length; length--) {
        sha3->lane[sha3->position / 8] ^= (uint64_t)*at++ << 8 * (sha3->position % 8);
        if (++sha3->position == RATE) {
            permute(sha3->lane);
            sha3->position = 0;
        }
    }
}

static void sha3_end(Sha3 *sha3, uint8_t digest[DIGEST]) {
    sha3->lane[sha3->position / 8] ^= (uint64_t)0x06 << 8 * (sha3->position % 8);
    sha3->lane[RATE / 8 - 1] ^= (uint64_t)0x80 << 56;
    permute(sha3->lane);
    for (int i = 0; i < DIGEST; i++) digest[i] = (uint8_t)(sha3->lane[i / 8] >> 8 * (i % 8));
}

/* [auth.hmac-sha3] over [auth.lines.order]: the prover's two lines first; lower case hex. */
static void prove(const char *secret, const Text prover[2], const Text other[2], char hex[2 * DIGEST + 1]) {
    uint8_t key[RATE] = {0}, pad[RATE], digest[DIGEST];
    size_t length = strlen(secret);
    if (length > RATE) {
        Sha3 sha3 = {0};
        sha3_add(&sha3, secret, length);
        sha3_end(&sha3, key);
    } else {
        memcpy(key, secret, length);
    }
    Sha3 inner = {0}, outer = {0};
    for (int i = 0; i < RATE; i++) pad[i] = key[i] ^ 0x36;
    sha3_add(&inner, pad, RATE);
    const Text *lines[4] = {&prover[0], &prover[1], &other[0], &other[1]};
    for (int i = 0; i < 4; i++) {
        sha3_add(&inner, lines[i]->at, lines[i]->length);
        sha3_add(&inner, "\n", 1);
    }
    sha3_end(&inner, digest);
    for (int i = 0; i < RATE; i++) pad[i] = key[i] ^ 0x5c;
    sha3_add(&outer, pad, RATE);
    sha3_add(&outer, digest, DIGEST);
    sha3_end(&outer, digest);
    for (int i = 0; i < DIGEST; i++) sprintf(hex + 2 * i, "%02x", digest[i]);
}

/* ---- the connection ---- */

static int connection = -1;
static Text input; /* what has come and was not used yet */
static struct timespec end;

static int milliseconds_left(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long left = (end.tv_sec - now.tv_sec) * 1000 + (end.tv_nsec - now.tv_nsec) / 1000000;
    if (left <= 0) fail("nothing came within 5 s");
    return (int)left;
}

static void dial(const char *address) {
    char host[256];
    const char *colon = strrchr(address, ':');
    if (!colon || (size_t)(colon - address) >= sizeof host) fail("%s is no HOST:PORT", address);
    size_t length = (size_t)(colon - address);
    memcpy(host, address, length);
    host[length] = 0;
    char *name = host;
    if (length > 1 && name[0] == '[' && name[length - 1] == ']') { /* [::1]:4040 */
        name[length - 1] = 0;
        name++;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(name, colon + 1, &hints, &found);
    if (error) fail("%s: %s", address, gai_strerror(error));
    for (struct addrinfo *one = found; one && connection < 0; one = one->ai_next) {
        connection = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (connection >= 0 && connect(connection, one->ai_addr, one->ai_addrlen)) {
            close(connection);
            connection = -1;
        }
    }
    freeaddrinfo(found);
    if (connection < 0) fail("cannot connect to %s: %s", address, strerror(errno));
}

static void put(const Text *text) {
    for (size_t sent = 0; sent < text->length;) {
        ssize_t count = send(connection, text->at + sent, text->length - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) fail("cannot send: %s", strerror(errno));
        if (count > 0) sent += (size_t)count;
    }
}

static void more(void) {
    char octets[65536];
    struct pollfd wait = {.fd = connection, .events = POLLIN};
    if (poll(&wait, 1, milliseconds_left()) <= 0) return;
    ssize_t count = read(connection, octets, sizeof octets);
    if (count == 0) fail("the node closed the connection; is the secret right?");
    if (count < 0 && errno != EINTR) fail("cannot receive: %s", strerror(errno));
    if (count > 0) append(&input, octets, (size_t)count);
}

static void used(size_t length) {
    memmove(input.at, input.at + length, input.length - length + 1);
    input.length -= length;
}

/* The content of the next line of the handshake; one CR before the LF is not part of it. */
static Text line(void) {
    char *lf;
    while (!(lf = input.length ? memchr(input.at, '\n', input.length) : NULL)) {
        if (input.length > LINE_LIMIT + 1) fail("a line of the handshake is too long");
        more();
    }
    size_t length = (size_t)(lf - input.at);
    Text content = {0};
    append(&content, input.at, length && lf[-1] == '\r' ? length - 1 : length);
    if (content.length > LINE_LIMIT) fail("a line of the handshake is too long");
    used(length + 1);
    return content;
}

/* Field number `index` of a line, as far as its end. */
static int field(const Text *content, int index, const char **from, size_t *length) {
    const char *at = content->at, *stop = content->at + content->length;
    for (; index; index--) {
        at = memchr(at, ';', (size_t)(stop - at));
        if (!at++) return 0;
    }
    const char *semicolon = memchr(at, ';', (size_t)(stop - at));
    *from = at;
    *length = (size_t)((semicolon ? semicolon : stop) - at);
    return 1;
}

static int is(const char *from, size_t length, const char *text) {
    return length == strlen(text) && !memcmp(from, text, length);
}

/* Whether a list with commas in that field holds the name. */
static int lists(const Text *content, int index, const char *name) {
    const char *at;
    size_t length;
    if (!field(content, index, &at, &length)) return 0;
    for (const char *stop = at + length;;) {
        const char *comma = memchr(at, ',', (size_t)(stop - at));
        if (is(at, (size_t)((comma ? comma : stop) - at), name)) return 1;
        if (!comma) return 0;
        at = comma + 1;
    }
}

/* ---- JSON: as much as is needed to find where texts and their first elements end ---- */

static int blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The length of the value at the start of `at`, 0 if more octets are needed. */
static size_t value_length(const char *at, size_t length) {
    size_t depth = 0;
    for (size_t i = 0; i < length; i++) {
        if (at[i] == '"') {
            for (i++; i < length && at[i] != '"'; i++)
                if (at[i] == '\\') i++;
            if (i >= length) return 0;
            if (!depth) return i + 1;
        } else if (at[i] == '[' || at[i] == '{') {
            depth++;
        } else if (at[i] == ']' || at[i] == '}') {
            if (!depth) return i; /* the end of what the value stands in */
            if (!--depth) return i + 1;
        } else if (!depth && (at[i] == ',' || blank(at[i]))) {
            return i;
        } else if (!depth && i && strchr("[{\"", at[i])) {
            return i;
        }
    }
    return 0;
}

static void append_string(Text *text, const char *octets) {
    append_text(text, "\"");
    for (; *octets; octets++) {
        char escape[8];
        if (*octets == '"' || *octets == '\\') {
            append(text, "\\", 1);
            append(text, octets, 1);
        } else if ((unsigned char)*octets < 0x20) {
            sprintf(escape, "\\u%04x", (unsigned char)*octets);
            append_text(text, escape);
        } else {
            append(text, octets, 1);
        }
    }
    append_text(text, "\"");
}

/* Prints the answer if the text is `["reply",...]`. */
static int answered(const char *text, size_t length) {
    if (text[0] != '[') return 0;
    const char *at = text + 1, *stop = text + length;
    while (at < stop && blank(*at)) at++;
    size_t first = value_length(at, (size_t)(stop - at));
    if (!is(at, first, "\"reply\"")) return 0;
    for (at += first; at < stop && (blank(*at) || *at == ',');) at++;
    printf("[%.*s\n", (int)(stop - at), at);
    return 1;
}

static void nonce(Text *text) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t octets[NONCE];
    int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (source < 0 || read(source, octets, NONCE) != NONCE) fail("no random octets: %s", strerror(errno));
    close(source);
    for (int i = 0; i < NONCE; i += 3) {
        unsigned long bits = (unsigned long)octets[i] << 16 | octets[i + 1] << 8 | octets[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) append(text, &digits[bits >> shift & 63], 1);
    }
}

/* Compares without telling by its time where the texts differ. */
static int equal(const char *a, const char *b, size_t length) {
    unsigned char difference = 0;
    for (size_t i = 0; i < length; i++) difference |= (unsigned char)(a[i] ^ b[i]);
    return !difference;
}

static void handshake(const char *secret, const char *node) {
    Text ours[2] = {0}, theirs[2], out = {0};
    char hex[2 * DIGEST + 1];
    append_text(&ours[0], "aemp;1;");
    append_text(&ours[0], node);
    append_text(&ours[0], ";" METHOD ";json");
    nonce(&ours[1]);
    for (int i = 0; i < 2; i++) {
        append(&out, ours[i].at, ours[i].length);
        append_text(&out, "\n");
    }
    put(&out);

    const char *from;
    size_t length;
    theirs[0] = line();
    if (!field(&theirs[0], 0, &from, &length) || !is(from, length, "aemp")) fail("this is no node: %s", theirs[0].at);
    theirs[1] = line();
    if (theirs[1].length == ours[1].length && !memcmp(theirs[1].at, ours[1].at, ours[1].length))
        fail("the node sent our own nonce");
    if (!lists(&theirs[0], 3, METHOD)) fail("the node does not accept " METHOD ": %s", theirs[0].at);
    if (!lists(&theirs[0], 4, "json")) fail("the node does not accept json: %s", theirs[0].at);

    prove(secret, ours, theirs, hex);
    out.length = 0;
    append_text(&out, METHOD ";");
    append_text(&out, hex);
    append_text(&out, ";json\n");
    put(&out);

    Text answer = line();
    prove(secret, theirs, ours, hex);
    if (!field(&answer, 0, &from, &length) || !is(from, length, METHOD)) fail("the node chose another method");
    if (!field(&answer, 1, &from, &length) || length != 2 * DIGEST || !equal(from, hex, length))
        fail("the node does not know the secret");
    if (!field(&answer, 2, &from, &length) || !is(from, length, "json")) fail("the node chose another framing");
}

int main(int count, char **args) {
    if (count < 5) {
        fprintf(stderr, "usage: %s HOST:PORT SECRET NODEID PORT ARG...\n", args[0]);
        return 2;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += 5;
    append(&input, "", 0);
    dial(args[1]);
    handshake(args[2], args[3]);

    Text message = {0}, reply = {0};
    append_text(&message, "[");
    append_string(&message, args[4]);
    for (int i = 5; i < count; i++) {
        append_text(&message, ",");
        if (args[i][0] && strchr("[{\"", args[i][0])) append_text(&message, args[i]);
        else append_string(&message, args[i]);
    }
    append_text(&reply, args[3]);
    append_text(&reply, "#reply");
    append_text(&message, ",");
    append_string(&message, reply.at);
    append_text(&message, "]");
    put(&message);

    for (;;) {
        size_t skip = 0;
        while (skip < input.length && blank(input.at[skip])) skip++;
        used(skip);
        size_t length = value_length(input.at, input.length);
        if (length && answered(input.at, length)) return 0;
        if (length) used(length); /* requests to our node port: not for us */
        else if (input.length > MESSAGE_LIMIT) fail("a message is too large");
        else if (input.length && strchr("]},", input.at[0])) fail("what came is no JSON");
        else more();
    }
}
