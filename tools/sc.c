/* SPDX-License-Identifier: MIT */
/*
 * sc.c - ntio sc: services by commands, in a system that lives as long as the commands take.
 *
 * There is no system that runs on between two calls: each boots one, with the registry of a file
 * (-r), and what changed in it is written back, so that the next call is the next boot. Everything
 * goes through the program's API (winsvc.h), nothing is known here that a program does not know.
 */
#include "tools/sc.h"

#include <windows.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ntio.h"

#define MAXIMUM_WORDS 64
#define MAXIMUM_LINE  4096

static SC_HANDLE manager;

static int say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int say(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("ntio: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return 1;
}

/* What an error number means to somebody who starts and stops drivers. */
static int failed(const char *what, const char *name)
{
    static const struct {
        DWORD error;
        const char *text;
    } texts[] = {
        {ERROR_FILE_NOT_FOUND, "the file was not found"},
        {ERROR_INVALID_NAME, "that is not a name for a service"},
        {ERROR_INVALID_PARAMETER, "a parameter is wrong"},
        {ERROR_DEPENDENT_SERVICES_RUNNING, "services that depend on it run"},
        {ERROR_INVALID_SERVICE_CONTROL, "the driver can't be stopped"},
        {ERROR_SERVICE_ALREADY_RUNNING, "it runs already"},
        {ERROR_SERVICE_DISABLED, "it is disabled"},
        {ERROR_CIRCULAR_DEPENDENCY, "it would depend on itself"},
        {ERROR_SERVICE_DOES_NOT_EXIST, "there is no such service"},
        {ERROR_SERVICE_CANNOT_ACCEPT_CTRL, "it starts or stops already"},
        {ERROR_SERVICE_NOT_ACTIVE, "it does not run"},
        {ERROR_SERVICE_DEPENDENCY_FAIL, "a service that it depends on did not start"},
        {ERROR_SERVICE_MARKED_FOR_DELETE, "it is marked for deletion"},
        {ERROR_SERVICE_EXISTS, "there is one already"},
        {ERROR_SERVICE_DEPENDENCY_DELETED, "a service that it depends on is not there"},
        {ERROR_DUPLICATE_SERVICE_NAME, "another service has that name"},
    };
    DWORD error = GetLastError();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].error == error)
            return say("can't %s %s: %s (error %u)", what, name, texts[i].text, (unsigned)error);
    return say("can't %s %s: error %u", what, name, (unsigned)error);
}

/* ---- options of create and config: "start= auto", as sc takes them, or "start=auto" ---- */

typedef struct options {
    DWORD type, start, error;
    const char *path, *group, *display, *depend;
    int tag;
} options;

static int choose(const char *text, const char *const *names, DWORD *value, DWORD first)
{
    for (DWORD i = 0; names[i] != NULL; i++)
        if (strcasecmp(text, names[i]) == 0) {
            *value = first + i;
            return 0;
        }
    return -1;
}

static int parse_option(options *to, const char *name, size_t length, const char *value)
{
    static const char *const types[] = {"kernel", "filesys", NULL};
    static const char *const starts[] = {"boot", "system", "auto", "demand", "disabled", NULL};
    static const char *const errors[] = {"ignore", "normal", "severe", "critical", NULL};
#define IS(word) (length == sizeof(word) - 1 && strncasecmp(name, word, length) == 0)
    if (IS("type"))
        return choose(value, types, &to->type, SERVICE_KERNEL_DRIVER);
    if (IS("start"))
        return choose(value, starts, &to->start, SERVICE_BOOT_START);
    if (IS("error"))
        return choose(value, errors, &to->error, SERVICE_ERROR_IGNORE);
    if (IS("binpath"))
        to->path = value;
    else if (IS("group"))
        to->group = value;
    else if (IS("displayname"))
        to->display = value;
    else if (IS("depend"))
        to->depend = value;
    else if (IS("tag"))
        to->tag = strcasecmp(value, "yes") == 0;
    else
        return -1;
#undef IS
    return 0;
}

static int parse_options(options *to, int count, char **words)
{
    for (int i = 0; i < count; i++) {
        char *equals = strchr(words[i], '=');
        if (equals == NULL)
            return say("'%s' is no option such as start= auto", words[i]);
        const char *value = equals + 1;
        if (*value == '\0') {
            if (i + 1 == count)
                return say("a value is missing behind %s", words[i]);
            value = words[i + 1];
        }
        if (parse_option(to, words[i], (size_t)(equals - words[i]), value) != 0)
            return say("%.*s= %s is not known", (int)(equals - words[i]), words[i], value);
        if (equals[1] == '\0')
            i++;
    }
    return 0;
}

/* "a/b/+G" to strings behind each other, ended by an empty one. */
static const char *dependencies(const char *list, char *to, size_t size)
{
    if (list == NULL)
        return NULL;
    memset(to, 0, size);
    snprintf(to, size - 1, "%s", list);
    for (char *at = to; *at != '\0'; at++)
        if (*at == '/')
            *at = '\0';
    return to;
}

/* ---- commands ---- */

static int create_command(int count, char **words)
{
    options given = {
        SERVICE_KERNEL_DRIVER, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, 0, 0, 0, 0, 0};
    char list[1024];
    DWORD tag = 0;
    if (parse_options(&given, count - 1, words + 1) != 0)
        return 1;
    if (given.path == NULL)
        return say("create needs binPath= PATH");
    SC_HANDLE service =
        CreateServiceA(manager, words[0], given.display, SERVICE_QUERY_STATUS, given.type,
                       given.start, given.error, given.path, given.group, given.tag ? &tag : NULL,
                       dependencies(given.depend, list, sizeof(list)), NULL, NULL);
    if (service == NULL)
        return failed("create", words[0]);
    CloseServiceHandle(service);
    return 0;
}

static SC_HANDLE open_service(const char *what, const char *name, DWORD access)
{
    SC_HANDLE service = OpenServiceA(manager, name, access);
    if (service == NULL)
        failed(what, name);
    return service;
}

static int config_command(int count, char **words)
{
    options given = {SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, 0, 0, 0, 0, 0};
    char list[1024];
    DWORD tag = 0;
    if (parse_options(&given, count - 1, words + 1) != 0)
        return 1;
    SC_HANDLE service = open_service("configure", words[0], SERVICE_CHANGE_CONFIG);
    if (service == NULL)
        return 1;
    int result = 0;
    if (!ChangeServiceConfigA(service, given.type, given.start, given.error, given.path,
                              given.group, given.tag ? &tag : NULL,
                              dependencies(given.depend, list, sizeof(list)), NULL, NULL,
                              given.display))
        result = failed("configure", words[0]);
    CloseServiceHandle(service);
    return result;
}

static int start_command(int count, char **words)
{
    (void)count;
    SC_HANDLE service = open_service("start", words[0], SERVICE_START);
    if (service == NULL)
        return 1;
    int result = StartServiceA(service, 0, NULL) ? 0 : failed("start", words[0]);
    CloseServiceHandle(service);
    return result;
}

static int stop_command(int count, char **words)
{
    SERVICE_STATUS status;
    (void)count;
    SC_HANDLE service = open_service("stop", words[0], SERVICE_STOP);
    if (service == NULL)
        return 1;
    int result =
        ControlService(service, SERVICE_CONTROL_STOP, &status) ? 0 : failed("stop", words[0]);
    if (result == 0 && status.dwCurrentState != SERVICE_STOPPED)
        printf("%s stops when its device is closed\n", words[0]);
    CloseServiceHandle(service);
    return result;
}

static int delete_command(int count, char **words)
{
    (void)count;
    SC_HANDLE service = open_service("delete", words[0], DELETE);
    if (service == NULL)
        return 1;
    int result = DeleteService(service) ? 0 : failed("delete", words[0]);
    CloseServiceHandle(service);
    return result;
}

static const char *state_name(DWORD state)
{
    static const char *const names[] = {"STOPPED", "START_PENDING", "STOP_PENDING", "RUNNING"};
    return state >= 1 && state <= 4 ? names[state - 1] : "?";
}

static void print_status(const char *name, const char *display, const SERVICE_STATUS *status)
{
    printf("SERVICE_NAME: %s\n", name);
    if (display != NULL)
        printf("DISPLAY_NAME: %s\n", display);
    printf("        TYPE               : %x\n", (unsigned)status->dwServiceType);
    printf("        STATE              : %u %s%s\n", (unsigned)status->dwCurrentState,
           state_name(status->dwCurrentState),
           (status->dwControlsAccepted & SERVICE_ACCEPT_STOP) != 0 ? " (can be stopped)" : "");
    printf("        WIN32_EXIT_CODE    : %u\n", (unsigned)status->dwWin32ExitCode);
}

/* All drivers: those that run, or with "all" those that do not, too. */
static int query_all(DWORD states)
{
    DWORD needed = 0, count = 0, resume = 0;
    EnumServicesStatusA(manager, SERVICE_DRIVER, states, NULL, 0, &needed, &count, &resume);
    DWORD size = needed + 4096;
    ENUM_SERVICE_STATUSA *list = malloc(size);
    if (list == NULL)
        return say("out of memory");
    resume = 0;
    if (!EnumServicesStatusA(manager, SERVICE_DRIVER, states, list, size, &needed, &count,
                             &resume)) {
        free(list);
        return failed("list", "services");
    }
    for (DWORD i = 0; i < count; i++)
        print_status(list[i].lpServiceName, list[i].lpDisplayName, &list[i].ServiceStatus);
    free(list);
    return 0;
}

static int query_command(int count, char **words)
{
    SERVICE_STATUS status;
    if (count == 0)
        return query_all(SERVICE_ACTIVE);
    if (strcasecmp(words[0], "state=") == 0 || strcasecmp(words[0], "state=all") == 0)
        return query_all(SERVICE_STATE_ALL);
    SC_HANDLE service = open_service("query", words[0], SERVICE_QUERY_STATUS);
    if (service == NULL)
        return 1;
    int result = QueryServiceStatus(service, &status) ? 0 : failed("query", words[0]);
    if (result == 0)
        print_status(words[0], NULL, &status);
    CloseServiceHandle(service);
    return result;
}

static int qc_command(int count, char **words)
{
    static const char *const starts[] = {"BOOT_START", "SYSTEM_START", "AUTO_START", "DEMAND_START",
                                         "DISABLED"};
    static const char *const errors[] = {"IGNORE", "NORMAL", "SEVERE", "CRITICAL"};
    union {
        QUERY_SERVICE_CONFIGA config;
        char bytes[8192];
    } answer;
    const QUERY_SERVICE_CONFIGA *config = &answer.config;
    DWORD needed;
    (void)count;
    SC_HANDLE service = open_service("query", words[0], SERVICE_QUERY_CONFIG);
    if (service == NULL)
        return 1;
    if (!QueryServiceConfigA(service, &answer.config, sizeof(answer), &needed)) {
        failed("query", words[0]);
        CloseServiceHandle(service);
        return 1;
    }
    CloseServiceHandle(service);
    printf("SERVICE_NAME: %s\n", words[0]);
    printf("        TYPE               : %x\n", (unsigned)config->dwServiceType);
    printf("        START_TYPE         : %u %s\n", (unsigned)config->dwStartType,
           config->dwStartType <= 4 ? starts[config->dwStartType] : "?");
    printf("        ERROR_CONTROL      : %u %s\n", (unsigned)config->dwErrorControl,
           config->dwErrorControl <= 3 ? errors[config->dwErrorControl] : "?");
    printf("        BINARY_PATH_NAME   : %s\n", config->lpBinaryPathName);
    printf("        LOAD_ORDER_GROUP   : %s\n", config->lpLoadOrderGroup);
    printf("        TAG                : %u\n", (unsigned)config->dwTagId);
    printf("        DISPLAY_NAME       : %s\n", config->lpDisplayName);
    printf("        DEPENDENCIES       :");
    for (const char *at = config->lpDependencies; *at != '\0'; at += strlen(at) + 1)
        printf(" %s", at);
    printf("\n");
    return 0;
}

/* ---- net start, net stop: by either name, in sentences ---- */

static int net_name(const char *given, char *name, DWORD size)
{
    DWORD characters = size;
    SC_HANDLE service = OpenServiceA(manager, given, SERVICE_QUERY_STATUS);
    if (service != NULL) {
        CloseServiceHandle(service);
        snprintf(name, size, "%s", given);
        return 0;
    }
    return GetServiceKeyNameA(manager, given, name, &characters) ? 0 : -1;
}

static int net_command(int count, char **words)
{
    char name[1024], display[1024];
    DWORD size = sizeof(display);
    int start = strcasecmp(words[0], "start") == 0;
    if (!start && strcasecmp(words[0], "stop") != 0)
        return say("there is no command net %s", words[0]);
    if (count == 1)
        return start ? query_all(SERVICE_ACTIVE) : say("net stop needs a service");
    if (net_name(words[1], name, sizeof(name)) != 0)
        return say("The service name is invalid: %s", words[1]);
    if (!GetServiceDisplayNameA(manager, name, display, &size))
        snprintf(display, sizeof(display), "%s", name);
    char *argument = name;
    int result = start ? start_command(1, &argument) : stop_command(1, &argument);
    if (result == 0)
        printf("The %s service was %s successfully.\n", display, start ? "started" : "stopped");
    return result;
}

static int help_command(int count, char **words);

static const struct {
    const char *name;
    int least; /* words behind it */
    int (*run)(int count, char **words);
    const char *help;
} commands[] = {
    {"create", 1, create_command,
     "NAME binPath= PATH [type= kernel|filesys] [start= boot|system|auto|demand|disabled]\n"
     "                   [error= ignore|normal|severe|critical] [group= G] [tag= yes] [depend= "
     "a/b/+G]\n"
     "                   [DisplayName= TEXT]"},
    {"config", 2, config_command, "NAME the same options"},
    {"start", 1, start_command, "NAME"},
    {"stop", 1, stop_command, "NAME"},
    {"delete", 1, delete_command, "NAME"},
    {"query", 0, query_command, "[NAME | state= all]"},
    {"qc", 1, qc_command, "NAME"},
    {"net", 1, net_command, "start [NAME], net stop NAME   NAME may be the display name"},
    {"help", 0, help_command, ""},
};

static int help_command(int count, char **words)
{
    (void)count;
    (void)words;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        printf("  %s %s\n", commands[i].name, commands[i].help);
    return 0;
}

/* One command; "sc" in front may stand there, as in a script for Windows. */
static int run_words(int count, char **words)
{
    if (count > 0 && strcasecmp(words[0], "sc") == 0) {
        count--;
        words++;
    }
    if (count == 0)
        return 0;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcasecmp(words[0], commands[i].name) != 0)
            continue;
        if (count - 1 < commands[i].least)
            return say("%s needs more (see ntio sc help)", words[0]);
        int result = commands[i].run(count - 1, words + 1);
        fflush(stdout);
        return result;
    }
    return say("there is no command '%s' (see ntio sc help)", words[0]);
}

/* Words of a line; those in double quotes may have blanks. # begins a comment. */
static int split(char *line, char **words)
{
    int count = 0;
    for (;;) {
        line += strspn(line, " \t\r\n");
        if (*line == '\0' || *line == '#' || count == MAXIMUM_WORDS)
            return count;
        char *to = line;
        words[count++] = line;
        for (int quoted = 0; *line != '\0' && (quoted || strchr(" \t\r\n", *line) == NULL);
             line++) {
            if (*line == '"')
                quoted = !quoted;
            else
                *to++ = *line;
        }
        int end = *line == '\0';
        *to = '\0';
        if (!end)
            line++;
    }
}

static int run_script(FILE *in)
{
    char line[MAXIMUM_LINE], *words[MAXIMUM_WORDS];
    int result = 0;
    while (fgets(line, sizeof(line), in) != NULL)
        if (run_words(split(line, words), words) != 0)
            result = 1;
    return result;
}

static void view(const ntio_debug_line *line, void *context)
{
    char text[700];
    (void)context;
    ntio_format_debug_line(line, text, sizeof(text));
    fprintf(stderr, "%s\n", text);
}

int sc_command(int count, char **arguments)
{
    const char *registry = NULL;
    char reason[1024];
    int at = 0, viewed = 0;

    for (; at < count && arguments[at][0] == '-'; at++) {
        if (strcmp(arguments[at], "-v") == 0) {
            viewed = 1;
        } else if (at + 1 < count && strcmp(arguments[at], "-r") == 0) {
            registry = arguments[++at];
        } else if (at + 1 < count && strcmp(arguments[at], "-d") == 0) {
            if (ntio_add_driver_directory(arguments[++at]) < 0)
                return say("there is no folder %s", arguments[at]);
        } else {
            say("usage: ntio sc [-r FILE.reg] [-d DRIVERS]... [-v] [COMMAND...] (see ntio sc "
                "help)");
            return 2;
        }
    }
    if (at < count && strcasecmp(arguments[at], "help") == 0)
        return help_command(0, NULL);
    if (viewed)
        ntio_set_debug_view(view, NULL);
    /* A file that is not there yet is an empty registry; it is written at the end. */
    const char *from = registry != NULL && access(registry, F_OK) == 0 ? registry : NULL;
    ntio_config config = {.process_name = "sc"};
    if (ntio_boot_from(&config, from, reason, sizeof(reason)) < 0)
        return say("can't boot: %s", reason);
    manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    int result = manager == NULL ? failed("open", "the service control manager")
                 : at < count    ? run_words(count - at, arguments + at)
                                 : run_script(stdin);
    if (manager != NULL)
        CloseServiceHandle(manager);
    if (registry != NULL && ntio_registry_save(registry, NULL, reason, sizeof(reason)) < 0)
        result = say("%s", reason);
    fflush(stdout);
    unsigned left = ntio_shutdown();
    ntio_set_debug_view(NULL, NULL);
    return result == 0 && left != 0 ? 3 : result;
}
