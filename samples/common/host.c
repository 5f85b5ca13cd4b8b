/* SPDX-License-Identifier: MIT */
/*
 * host.c - what Windows does before a program starts: the system is up, the drivers are registered
 * as services, devices are there, services run.
 *
 * The program's own main is compiled as sample_main (-Dmain=sample_main), so that its source is an
 * ordinary Windows program. What there is before it, a sample's meson.build says by macros, and
 * whoever runs the program by environment variables of the same names with NTIO_ in front. Names
 * are separated by blanks, each part may be left out:
 *
 *   DRIVES="C:=DIR ..."  drives on folders of the host; without DIR on a fresh one that goes at the
 *                        end
 *   SERVICES="a b"       services with images a.so, b.so (or .sys) beside the executable, or of a
 *                        driver of the tree (drivers/a); for NAME_app without a word: NAME
 *   MATCHES="ID=a ..."   devices with this hardware or compatible ID are driven by service a
 *   CLASSES="ID=NAME={GUID} ..." devices with an ID that MATCHES has are of this setup class
 *   DEVICES="NAME=ID .." a root-enumerated device NAME with this hardware ID each, in order
 *   START="a b"          services that are started; without a word: those of SERVICES, unless
 *                        SERVICES or DEVICES were given (a program may start them by itself)
 *
 * SAMPLE_SYS=1 in the environment takes the .sys of each driver that is beside the executable.
 */
#undef main
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* nftw */
#endif
#include "ntio.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SAMPLE_DRIVES
#define SAMPLE_DRIVES NULL
#endif
#ifndef SAMPLE_SERVICES
#define SAMPLE_SERVICES NULL
#endif
#ifndef SAMPLE_CLASSES
#define SAMPLE_CLASSES NULL
#endif
#ifndef SAMPLE_MATCHES
#define SAMPLE_MATCHES NULL
#endif
#ifndef SAMPLE_DEVICES
#define SAMPLE_DEVICES NULL
#endif
#ifndef SAMPLE_START
#define SAMPLE_START NULL
#endif

/* C:\Windows, a folder beside the executable that stays; NULL: a private one. */
#ifndef SAMPLE_SYSTEM_ROOT
#define SAMPLE_SYSTEM_ROOT NULL
#endif

int sample_main(int argc, char **argv);

static const char *program = "sample";
static char folder[PATH_MAX]; /* of the executable */

static int failed(const char *what, const char *name, int32_t status)
{
    fprintf(stderr, "%s: %s %s: status 0x%08x\n", program, what, name, (unsigned)status);
    return -1;
}

/* Calls each with every word of list, a copy of it that may be changed; -1 as soon as one does. */
static int each_word(const char *list, int (*each)(char *word))
{
    char *copy = strdup(list), *rest = copy, *word;
    int result = copy == NULL ? -1 : 0;
    while (result == 0 && (word = strsep(&rest, " ")) != NULL) {
        if (*word != '\0')
            result = each(word);
    }
    free(copy);
    return result;
}

#define MAXIMUM_FRESH 4
static char fresh[MAXIMUM_FRESH][64]; /* folders made for drives */
static unsigned fresh_count;

static const char *make_fresh(void)
{
    if (fresh_count == MAXIMUM_FRESH)
        return NULL;
    char *made = fresh[fresh_count];
    snprintf(made, sizeof(fresh[0]), "/tmp/ntio-drive-XXXXXX");
    if (mkdtemp(made) == NULL)
        return NULL;
    fresh_count++;
    return made;
}

static int remove_one(const char *path, const struct stat *what, int type, struct FTW *where)
{
    (void)what;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_fresh(void)
{
    while (fresh_count != 0)
        nftw(fresh[--fresh_count], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int add_drive(char *word)
{
    char *directory = strchr(word, '=');
    if (directory == NULL)
        return failed("not X:=DIRECTORY:", word, 0);
    *directory++ = '\0';
    const char *used = *directory != '\0' ? directory : make_fresh();
    if (used == NULL)
        return failed("can't make a folder for", word, 0);
    int32_t status = ntio_map_drive(word, used, false);
    return status < 0 ? failed("can't map", word, status) : 0;
}

static int add_service(char *name)
{
    const char *sys = getenv("SAMPLE_SYS");
    char file[2 * PATH_MAX];

    snprintf(file, sizeof(file), "%s/%s.sys", folder, name);
    if (sys != NULL && *sys == '1' && access(file, R_OK) == 0) {
        snprintf(file, sizeof(file), "%s.sys", name);
        int32_t status = ntio_create_service(name, file);
        return status < 0 ? failed("can't register", name, status) : 0;
    }
    snprintf(file, sizeof(file), "%s/../../drivers/%s", folder, name);
    if (access(file, X_OK) == 0)
        ntio_add_driver_directory(file);
    int32_t status = ntio_create_service(name, NULL);
    return status < 0 ? failed("can't register", name, status) : 0;
}

#define CONTROL_KEY "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"

static int add_class(char *word)
{
    char *name = strchr(word, '='), *guid = name != NULL ? strchr(name + 1, '=') : NULL;
    char key[512];

    if (guid == NULL)
        return failed("not ID=NAME={GUID}:", word, 0);
    *name++ = *guid++ = '\0';
    snprintf(key, sizeof(key), CONTROL_KEY "Class\\%s", guid);
    int32_t status = ntio_registry_set_string(key, "Class", name);
    for (char *at = word; *at != '\0'; at++)
        *at = *at == '\\' ? '#' : *at;
    snprintf(key, sizeof(key), CONTROL_KEY "CriticalDeviceDatabase\\%s", word);
    if (status >= 0)
        status = ntio_registry_set_string(key, "ClassGUID", guid);
    return status < 0 ? failed("can't make class", name, status) : 0;
}

static int add_match(char *word)
{
    char *service = strchr(word, '=');
    if (service == NULL)
        return failed("not ID=SERVICE:", word, 0);
    *service++ = '\0';
    int32_t status = ntio_add_match(word, service);
    return status < 0 ? failed("can't match", word, status) : 0;
}

static int add_device(char *word)
{
    char *id = strchr(word, '='), instance[512] = "";
    if (id == NULL)
        return failed("not NAME=ID:", word, 0);
    *id++ = '\0';
    int32_t status = ntio_create_root_device(word, id, instance, sizeof(instance));
    return status < 0 ? failed("can't make device", word, status) : 0;
}

static int start_service(char *name)
{
    char reason[512];
    if (ntio_start_service(name, reason, sizeof(reason)) < 0) {
        fprintf(stderr, "%s: %s\n", program, reason);
        return -1;
    }
    return 0;
}

/* NAME of NAME_app, or "" where the program is called otherwise. */
static const char *name_of_program(void)
{
    static char name[256];
    size_t length = strlen(program);
    if (length > 4 && length < sizeof(name) && strcmp(program + length - 4, "_app") == 0)
        memcpy(name, program, length - 4);
    return name;
}

static const char *setting(const char *variable, const char *macro)
{
    const char *set = getenv(variable);
    return set != NULL ? set : macro;
}

static int set_system_root(const char *name)
{
    char path[2 * PATH_MAX];

    if (name == NULL)
        return 0;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int32_t status = ntio_set_system_root(path);
    return status < 0 ? failed("can't have the system root", path, status) : 0;
}

static int set_up(void)
{
    const char *drives = setting("NTIO_DRIVES", SAMPLE_DRIVES);
    const char *services = setting("NTIO_SERVICES", SAMPLE_SERVICES);
    const char *matches = setting("NTIO_MATCHES", SAMPLE_MATCHES);
    const char *classes = setting("NTIO_CLASSES", SAMPLE_CLASSES);
    const char *devices = setting("NTIO_DEVICES", SAMPLE_DEVICES);
    const char *start = setting("NTIO_START", SAMPLE_START);

    if (services == NULL) {
        services = name_of_program();
        if (start == NULL && devices == NULL)
            start = services;
    }
    if ((drives != NULL && each_word(drives, add_drive) != 0) ||
        set_system_root(SAMPLE_SYSTEM_ROOT) != 0 || ntio_add_driver_directory(folder) < 0 ||
        each_word(services, add_service) != 0 ||
        (matches != NULL && each_word(matches, add_match) != 0) ||
        (classes != NULL && each_word(classes, add_class) != 0) ||
        (devices != NULL && each_word(devices, add_device) != 0))
        return -1;
    return start != NULL ? each_word(start, start_service) : 0;
}

int main(int argc, char **argv)
{
    ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    if (length < 0) {
        perror("readlink");
        return 1;
    }
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    program = slash + 1;
    *slash = '\0';
    ntio_config config = {.process_name = program};
    int32_t status = ntio_boot(&config);
    if (status < 0) {
        fprintf(stderr, "%s: can't boot ntio: status 0x%08x\n", program, (unsigned)status);
        return 1;
    }
    int result = set_up() == 0 ? sample_main(argc, argv) : 1;
    fflush(stdout);
    unsigned left = ntio_shutdown();
    remove_fresh();
    return left == 0 ? result : 3;
}
