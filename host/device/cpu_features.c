/* The processor's units for bf16. An answer of cpuid alone is not enough: a system may not keep the registers, may refuse them
 * to the process, and a virtual machine may claim what it does not have. */
#include "device/cpu_features.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    REQUEST_PERMISSION = 0x1023, /* ARCH_REQ_XCOMP_PERM */
    TILE_DATA = 18,
    AVX512_STATE = 0xe6,         /* of xgetbv: SSE, AVX, masks, both parts of the 512-bit registers */
    TILE_STATE = 0x60000
};

typedef struct registers {
    unsigned a, b, c, d;
} registers;

static registers ask(unsigned leaf, unsigned part)
{
    registers r = {0, 0, 0, 0};
    return __get_cpuid_count(leaf, part, &r.a, &r.b, &r.c, &r.d) ? r : (registers){0, 0, 0, 0};
}

/* The registers that the system keeps for each thread. */
static unsigned kept_state(void)
{
    unsigned low = 0, high;
    if (ask(1, 0).c >> 27 & 1) { /* xgetbv is there */
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    }
    return low;
}

static bool is_amd(void)
{
    registers r = ask(0, 0);
    char vendor[12];
    memcpy(vendor, &r.b, 4);
    memcpy(vendor + 4, &r.d, 4);
    memcpy(vendor + 8, &r.c, 4);
    return memcmp(vendor, "AuthenticAMD", sizeof vendor) == 0;
}

static void try_dot(void)
{
    __asm__ volatile("vdpbf16ps %%zmm0, %%zmm0, %%zmm0" ::: "xmm0");
}

static void try_tiles(void)
{
    _Alignas(64) uint8_t config[64] = {1};
    for (int tile = 0; tile < 3; tile++) {
        config[16 + 2 * tile] = 64; /* bytes of a line */
        config[48 + tile] = 16;     /* lines */
    }
    __asm__ volatile("ldtilecfg (%0)\n\ttilezero %%tmm0\n\ttilezero %%tmm1\n\ttilezero %%tmm2\n\t"
                     "tdpbf16ps %%tmm2, %%tmm1, %%tmm0\n\ttilerelease" ::"r"(config) : "memory");
}

/* Whether a child that runs these instructions lives to say so. It says so through a pipe: its status may be lost, where the
 * program ignores SIGCHLD or collects all children. */
static bool survives(void (*instructions)(void))
{
    int ends[2];
    char word;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        signal(SIGILL, SIG_DFL);
        prctl(PR_SET_DUMPABLE, 0); /* its end is an answer, not worth a core file */
        instructions();
        _exit(write(ends[1], "", 1) != 1);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    bool heard = fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && read(ends[0], &word, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return heard;
}

static te_cpu_features found;

static void find(void)
{
    unsigned state = kept_state(), tiles = ask(7, 0).d;
    bool has_dot = (ask(7, 0).b >> 16 & 1) && (ask(7, 1).a >> 5 & 1) && (state & AVX512_STATE) == AVX512_STATE;
    bool has_tiles = (tiles >> 22 & 1) && (tiles >> 24 & 1) && (state & TILE_STATE) == TILE_STATE;
    found.dot_bf16 = has_dot && survives(try_dot);
    found.fast_dot_bf16 = found.dot_bf16 && is_amd();
    found.amx_bf16 = has_tiles && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0 && survives(try_tiles);
}

static te_cpu_features find_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find);
    return found;
}

#else

static te_cpu_features find_once(void)
{
    return (te_cpu_features){false, false, false};
}

#endif

te_cpu_features te_cpu_features_assembled(te_cpu_features features, const char *platform_version)
{
    enum { KNOWS_DOT = 9, KNOWS_TILES = 11 };
    const char *found_at = strstr(platform_version, "LLVM ");
    int version = found_at ? atoi(found_at + strlen("LLVM ")) : 0;
    return (te_cpu_features){
        .dot_bf16 = features.dot_bf16 && version >= KNOWS_DOT,
        .fast_dot_bf16 = features.fast_dot_bf16 && version >= KNOWS_DOT,
        .amx_bf16 = features.amx_bf16 && version >= KNOWS_TILES,
    };
}

static const te_cpu_features *pretended;

te_cpu_features te_cpu_features_get(void)
{
    return pretended ? *pretended : find_once();
}

void te_cpu_features_pretend(const te_cpu_features *features)
{
    pretended = features;
}
