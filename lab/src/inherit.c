// `inherit BYTES PROGRAM ARGUMENT...`: starts a program with an SVE vector length that it inherits.
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { SVE_SET_VL = 50, VL_INHERIT = 1 << 17 };

int main(int argc, char **argv) {
    if (argc < 3 || prctl(SVE_SET_VL, atoi(argv[1]) | VL_INHERIT, 0, 0, 0) < 0)
        return 2;
    execv(argv[2], argv + 2);
    return 127;
}
