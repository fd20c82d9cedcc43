#include "data/exif.h"
#include "data/guard.h"

#include <string.h>

enum {
    MARKER_DHT = 0xc4,
    MARKER_RST0 = 0xd0,
    MARKER_RST7 = 0xd7,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_DQT = 0xdb,
    MARKER_DNL = 0xdc,
    MARKER_DRI = 0xdd,
    MARKER_APP0 = 0xe0,
    MARKER_APP1 = 0xe1,
    MARKER_APP15 = 0xef,
    MARKER_COM = 0xfe,
    SCAN_LIMIT = 100 /* progressive encoders write about ten */
};

typedef struct te_jpeg_walk {
    const uint8_t *data;
    size_t bytes, at;
    int limit, frame, scans, orientation, exif;
    const char *name;
} te_jpeg_walk;

static te_status fail(const te_jpeg_walk *walk, const char *reason)
{
    return te_fail(TE_ERR_FORMAT, "cannot decode '%s': %s (JPEG, near byte %zu)", walk->name, reason, walk->at);
}

static int is_frame(int marker)
{
    return marker >= 0xc0 && marker <= 0xc2; /* baseline, extended, progressive; Huffman coded */
}

/* Huffman tables: class and slot 1 byte, 16 counts of codes by length, then one symbol a code. */
static te_status check_tables(const te_jpeg_walk *walk, const uint8_t *table, size_t bytes)
{
    while (bytes > 0) {
        if (bytes < 17 || table[0] >> 4 > 1 || (table[0] & 15) > 3) {
            return fail(walk, "a Huffman table is damaged");
        }
        unsigned symbols = 0, code = 0;
        for (int length = 1; length <= 16; length++) {
            symbols += table[length];
            code = code * 2 + table[length];
            if (code > 1u << length) {
                return fail(walk, "a Huffman table has too many codes of a length");
            }
        }
        if (symbols > 256 || symbols > bytes - 17) {
            return fail(walk, "a Huffman table has too many symbols");
        }
        table += 17 + symbols;
        bytes -= 17 + symbols;
    }
    return TE_OK;
}

/* The content of one segment behind its length. */
static te_status check_segment(te_jpeg_walk *walk, int marker, const uint8_t *content, size_t bytes)
{
    if (is_frame(marker)) {
        if (walk->frame++ || bytes < 6) {
            return fail(walk, "its frame header is damaged");
        }
        return te_picture_check_size(content[3] << 8 | content[4], content[1] << 8 | content[2], walk->limit,
                                     walk->name);
    }
    if (marker == MARKER_DHT) {
        return check_tables(walk, content, bytes);
    }
    if (marker == MARKER_APP1 && !walk->exif && bytes > 6 && memcmp(content, "Exif\0", 6) == 0) {
        walk->exif = 1;
        walk->orientation = te_exif_orientation(content + 6, bytes - 6);
        return TE_OK;
    }
    if (marker == MARKER_SOS && (!walk->frame || ++walk->scans > SCAN_LIMIT)) {
        return fail(walk, walk->frame ? "it has too many scans" : "a scan comes before the frame header");
    }
    int known = marker == MARKER_SOS || marker == MARKER_DQT || marker == MARKER_DRI || marker == MARKER_DNL ||
                marker == MARKER_COM || (marker >= MARKER_APP0 && marker <= MARKER_APP15);
    return known ? TE_OK : fail(walk, "this kind of coding is not supported: save it as a baseline file");
}

/* Past the coded data of a scan, to its first 0xff that is followed by neither 0 nor a restart marker. */
static void skip_scan(te_jpeg_walk *walk)
{
    while (walk->at + 1 < walk->bytes) {
        int next = walk->data[walk->at + 1];
        if (walk->data[walk->at] == 0xff && next != 0 && next != 0xff &&
            (next < MARKER_RST0 || next > MARKER_RST7)) {
            return;
        }
        walk->at++;
    }
    walk->at = walk->bytes;
}

/* The next marker, or -1 at the end of the data. Ahead of the frame header stb_image skips what is no marker. */
static int next_marker(te_jpeg_walk *walk)
{
    while (!walk->frame && walk->at < walk->bytes && walk->data[walk->at] != 0xff) {
        walk->at++;
    }
    if (walk->at < walk->bytes && walk->data[walk->at] != 0xff) {
        return 0;
    }
    while (walk->at < walk->bytes && walk->data[walk->at] == 0xff) {
        walk->at++;
    }
    return walk->at < walk->bytes ? walk->data[walk->at++] : -1;
}

static te_status walk_segments(te_jpeg_walk *walk)
{
    if (next_marker(walk) != MARKER_SOI) {
        return fail(walk, "it does not begin as a JPEG file does");
    }
    for (;;) {
        int marker = next_marker(walk);
        if (marker == MARKER_EOI && walk->scans) {
            return TE_OK;
        }
        if (marker < 0 || walk->bytes - walk->at < 2) {
            return fail(walk, "the file is cut short");
        }
        if (marker == 0 || marker == MARKER_EOI || (marker >= MARKER_RST0 && marker <= MARKER_SOI)) {
            return fail(walk, "a marker is damaged or out of place");
        }
        size_t length = (size_t)(walk->data[walk->at] << 8 | walk->data[walk->at + 1]);
        if (length < 2 || length > walk->bytes - walk->at) {
            return fail(walk, "a segment is longer than the file");
        }
        TE_TRY(check_segment(walk, marker, walk->data + walk->at + 2, length - 2));
        walk->at += length;
        if (marker == MARKER_SOS) {
            skip_scan(walk);
        }
    }
}

te_status te_guard_jpeg(const uint8_t *data, size_t bytes, int limit, const char *name, int *orientation)
{
    te_jpeg_walk walk = {.data = data, .bytes = bytes, .limit = limit, .name = name, .orientation = 1};
    TE_TRY(walk_segments(&walk));
    *orientation = walk.orientation;
    return TE_OK;
}
