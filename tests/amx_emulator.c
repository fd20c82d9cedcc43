/* The instruction that a processor refuses arrives as SIGILL; it is decoded, done on tiles that each thread has of its own, and
 * stepped over. Encodings and meaning: Intel's Software Developer's Manual, volume 2 (VEX.128.0F38 49, 4B, 5C). */
#include "amx_emulator.h"

#if defined(__x86_64__) && defined(__linux__)

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

enum { TILES = 8, LINES = 16, LINE_BYTES = 64 };

typedef struct tile {
    int lines, bytes; /* of a line */
    uint8_t data[LINES][LINE_BYTES];
} tile;

static _Thread_local tile tiles[TILES];

/* ---- what the instructions do ---- */

static void load_config(const uint8_t *config)
{
    memset(tiles, 0, sizeof tiles);
    for (int t = 0; t < TILES; t++) {
        tiles[t].bytes = config[16 + 2 * t] | config[17 + 2 * t] << 8;
        tiles[t].lines = config[48 + t];
    }
}

static void load_tile(tile *to, const uint8_t *from, int64_t stride)
{
    memset(to->data, 0, sizeof to->data);
    for (int line = 0; line < to->lines; line++) {
        memcpy(to->data[line], from + line * stride, (size_t)to->bytes);
    }
}

static void store_tile(const tile *from, uint8_t *to, int64_t stride)
{
    for (int line = 0; line < from->lines; line++) {
        memcpy(to + line * stride, from->data[line], (size_t)from->bytes);
    }
}

/* Denormal numbers count as zero, before and after. */
static float flushed(float value)
{
    return fpclassify(value) == FP_SUBNORMAL ? copysignf(0.0f, value) : value;
}

static float number_at(const tile *from, int line, int column)
{
    uint16_t half;
    memcpy(&half, &from->data[line][2 * column], sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return flushed(value);
}

/* sums (lines,n) += x (lines,k pairs) times w (k,n pairs): lower and upper numbers of the pairs summed apart. */
static void add_products(tile *sums, const tile *x, const tile *w)
{
    for (int line = 0; line < sums->lines; line++) {
        for (int n = 0; n < sums->bytes / 4; n++) {
            float even = 0.0f, odd = 0.0f, sum;
            for (int k = 0; k < x->bytes / 4; k++) {
                even = flushed(fmaf(number_at(x, line, 2 * k), number_at(w, k, 2 * n), even));
                odd = flushed(fmaf(number_at(x, line, 2 * k + 1), number_at(w, k, 2 * n + 1), odd));
            }
            memcpy(&sum, &sums->data[line][4 * n], sizeof sum);
            sum = flushed(flushed(sum) + flushed(even + odd));
            memcpy(&sums->data[line][4 * n], &sum, sizeof sum);
        }
    }
    memset(sums->data[sums->lines], 0, (size_t)(LINES - sums->lines) * LINE_BYTES);
}

/* ---- decoding ---- */

/* What follows C4: three-byte VEX, opcode, ModRM and what ModRM asks for. */
typedef struct instruction {
    int prefix;               /* 0: none, 1: 66, 2: F3, 3: F2 */
    int opcode, reg, rm, vvvv;
    bool memory;
    uint8_t *address;
    int64_t stride;           /* the scaled index */
    int length;
} instruction;

static int64_t register_of(const ucontext_t *context, int number)
{
    static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return context->uc_mcontext.gregs[places[number]];
}

/* ModRM's memory operand at `code`; false for addresses relative to the instruction, which no kernel uses. */
static bool decode_memory(const ucontext_t *context, const uint8_t *code, int high_index, int high_base, instruction *i)
{
    int mode = code[0] >> 6, base = code[0] & 7, at = 1;
    int64_t address = 0;
    int32_t displacement = 0;
    if (base == 4) {
        int index = (code[1] >> 3 & 7) | high_index;
        base = code[1] & 7;
        i->stride = index == 4 ? 0 : (int64_t)((uint64_t)register_of(context, index) << (code[1] >> 6));
        at = 2;
    } else if (mode == 0 && base == 5) {
        return false;
    }
    if (mode == 1) {
        displacement = (int8_t)code[at++];
    } else if (mode == 2 || base == 5) {
        memcpy(&displacement, code + at, sizeof displacement);
        at += 4;
    }
    address = mode == 0 && base == 5 ? 0 : register_of(context, base | high_base);
    i->address = (uint8_t *)(uintptr_t)(address + displacement);
    i->length += at;
    return true;
}

static bool decode(const ucontext_t *context, const uint8_t *code, instruction *i)
{
    if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84) != 0) { /* map 0F38, W0, 128 bits */
        return false;
    }
    int modrm = code[4];
    *i = (instruction){.prefix = code[2] & 3, .opcode = code[3], .vvvv = ~code[2] >> 3 & 15, .reg = modrm >> 3 & 7,
                       .rm = modrm & 7, .memory = modrm >> 6 != 3, .length = 4};
    if (i->memory) {
        return decode_memory(context, code + 4, code[1] & 0x40 ? 0 : 8, code[1] & 0x20 ? 0 : 8, i);
    }
    i->length += 1;
    return true;
}

static bool run(const instruction *i)
{
    if (i->opcode == 0x49 && i->prefix == 0 && i->reg == 0) {
        if (i->memory) {
            load_config(i->address);
        } else {
            memset(tiles, 0, sizeof tiles);
        }
    } else if (i->opcode == 0x49 && i->prefix == 3 && !i->memory) {
        memset(tiles[i->reg].data, 0, sizeof tiles[i->reg].data);
    } else if (i->opcode == 0x4b && i->prefix == 3 && i->memory) {
        load_tile(&tiles[i->reg], i->address, i->stride);
    } else if (i->opcode == 0x4b && i->prefix == 2 && i->memory) {
        store_tile(&tiles[i->reg], i->address, i->stride);
    } else if (i->opcode == 0x5c && i->prefix == 2 && !i->memory && i->vvvv < TILES) {
        add_products(&tiles[i->reg], &tiles[i->rm], &tiles[i->vvvv]);
    } else {
        return false;
    }
    return true;
}

static void handle(int number, siginfo_t *info, void *context)
{
    ucontext_t *state = context;
    instruction i;
    (void)info;
    if (decode(state, (const uint8_t *)(uintptr_t)state->uc_mcontext.gregs[REG_RIP], &i) && run(&i)) {
        state->uc_mcontext.gregs[REG_RIP] += i.length;
    } else {
        signal(number, SIG_DFL); /* met again, it ends the process */
    }
}

bool amx_emulator_start(void)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    return sigaction(SIGILL, &action, NULL) == 0;
}

#else

bool amx_emulator_start(void)
{
    return false;
}

#endif
