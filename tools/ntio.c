/* SPDX-License-Identifier: MIT */
/*
 * ntio.c - the ntio command: loads drivers, runs samples, looks at what a .sys imports.
 *
 * Exit status: 0 as asked, 1 it failed (one line on stderr says why), 2 wrong usage, 3 something
 * was left behind at the end.
 */
#include "ntio.h"
#include "tools/sc.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_LEFT = 3 };

static int fail(int result, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(int result, const char *format, ...)
{
    va_list arguments;
    fputs("ntio: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return result;
}

static void usage(FILE *out)
{
    fputs(
        "usage: ntio load FILE...      boot, load these drivers (.so or .sys), show them, unload\n"
        "       ntio run DIR [ARG...]  run the program of a sample on the sample's driver\n"
        "       ntio imports FILE.sys  what a .sys imports, and what of it ntio has\n"
        "       ntio sc [-r FILE.reg] [-d DRIVERS]... [-v] [COMMAND...]\n"
        "                              services: create, start, stop, delete, ... (ntio sc help); "
        "commands\n"
        "                              from the input where none is given\n"
        "       ntio --help | --version\n",
        out);
}

/* ---- load ---- */

/* FILE's last part without its ending: the name of its service. Cut to size. */
static void service_name(const char *file, char *name, size_t size)
{
    const char *base = strrchr(file, '/');
    base = base != NULL ? base + 1 : file;
    const char *dot = strrchr(base, '.');
    int length = dot != NULL && dot != base ? (int)(dot - base) : (int)strlen(base);
    snprintf(name, size, "%.*s", length, base);
}

static int load_one(const char *file)
{
    char name[256], path[PATH_MAX], reason[1024];
    service_name(file, name, sizeof(name));
    if (realpath(file, path) == NULL)
        return fail(1, "can't open %s: %s", file, strerror(errno));
    int32_t status = ntio_create_service(name, path);
    if (status < 0)
        return fail(1, "can't make service %s: status 0x%08x", name, (unsigned)status);
    if (ntio_start_service(name, reason, sizeof(reason)) < 0)
        return fail(1, "%s", reason);
    return 0;
}

static int load_command(int count, char **files)
{
    if (count == 0)
        return fail(EXIT_USAGE, "load needs a file (see ntio --help)");
    ntio_config config = {.process_name = "ntio", .debug_to_stderr = true};
    int32_t status = ntio_boot(&config);
    if (status < 0)
        return fail(1, "can't boot: status 0x%08x", (unsigned)status);
    int result = 0;
    for (int i = 0; i < count && result == 0; i++)
        result = load_one(files[i]);
    ntio_pnp_settle();
    if (result == 0) {
        ntio_print_drivers(stdout);
        ntio_print_device_tree(stdout);
        fflush(stdout);
    }
    unsigned left = ntio_shutdown();
    return result == 0 && left != 0 ? EXIT_LEFT : result;
}

/* ---- run ---- */

static int is_program(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

/*
 * DIR is a sample's folder, in the source or in the build. Its program is NAME_app there, or in the
 * build that this command belongs to (../samples/NAME beside it).
 */
static int run_command(int count, char **arguments)
{
    char folder[PATH_MAX], own[PATH_MAX], program[2 * PATH_MAX + 600];
    if (count == 0)
        return fail(EXIT_USAGE, "run needs a sample's folder (see ntio --help)");
    if (realpath(arguments[0], folder) == NULL)
        return fail(1, "can't open %s: %s", arguments[0], strerror(errno));
    const char *name = strrchr(folder, '/') + 1;
    snprintf(program, sizeof(program), "%s/%s_app", folder, name);
    if (!is_program(program)) {
        ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
        if (length < 0)
            return fail(1, "can't find myself: %s", strerror(errno));
        own[length] = '\0';
        snprintf(program, sizeof(program), "%s/../samples/%s/%s_app", dirname(own), name, name);
    }
    if (!is_program(program))
        return fail(1, "there is no program %s_app: build the samples first", name);
    arguments[0] = program;
    execv(program, arguments);
    return fail(1, "can't run %s: %s", program, strerror(errno));
}

/* ---- imports ---- */

static void print_import(const char *module, const char *name, bool there, void *context)
{
    unsigned *missing = context;
    if (!there)
        ++*missing;
    printf("%-3s %s %s\n", there ? "yes" : "no", module, name);
}

static int imports_command(int count, char **files)
{
    char reason[512];
    unsigned missing = 0;
    if (count != 1)
        return fail(EXIT_USAGE, "imports needs one file (see ntio --help)");
    if (ntio_list_imports(files[0], print_import, &missing, reason, sizeof(reason)) < 0)
        return fail(1, "%s", reason);
    fflush(stdout);
    if (missing != 0)
        return fail(1, "%u of these imports %s missing", missing, missing == 1 ? "is" : "are");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int count, char **arguments);
    } commands[] = {
        {"load", load_command},
        {"run", run_command},
        {"imports", imports_command},
        {"sc", sc_command},
    };
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("ntio " NTIO_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    return fail(EXIT_USAGE, "there is no command '%s' (see ntio --help)", argv[1]);
}
