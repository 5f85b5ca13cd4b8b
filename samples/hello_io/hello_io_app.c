/* SPDX-License-Identifier: MIT */
/*
 * hello_io_app.c - the program beside the driver: Create, Send TEXT, Close, Exit, a command to a
 * line. Says what it read back, or the number of the error.
 */
#include <windows.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAXIMUM_LINE 4096

static HANDLE device = INVALID_HANDLE_VALUE;

static int failed(const char *what)
{
    printf("%s failed with error %lu\n", what, (unsigned long)GetLastError());
    return 0;
}

static int create_command(void)
{
    if (device != INVALID_HANDLE_VALUE) {
        printf("the device is open already\n");
        return 0;
    }
    device = CreateFileW(L"\\\\.\\HelloIo", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                         FILE_ATTRIBUTE_NORMAL, NULL);
    if (device == INVALID_HANDLE_VALUE)
        return failed("CreateFile");
    printf("open\n");
    return 1;
}

static int send_command(const char *text)
{
    char answer[MAXIMUM_LINE];
    DWORD length = (DWORD)strlen(text), done = 0;

    if (device == INVALID_HANDLE_VALUE) {
        printf("the device is not open\n");
        return 0;
    }
    if (!WriteFile(device, text, length, &done, NULL))
        return failed("WriteFile");
    if (!ReadFile(device, answer, sizeof(answer), &done, NULL))
        return failed("ReadFile");
    printf("read back: %.*s\n", (int)done, answer);
    return 1;
}

static int close_command(void)
{
    if (device == INVALID_HANDLE_VALUE) {
        printf("the device is not open\n");
        return 0;
    }
    if (!CloseHandle(device))
        return failed("CloseHandle");
    device = INVALID_HANDLE_VALUE;
    printf("closed\n");
    return 1;
}

/* Whether line is the command word, alone or with text behind a space; *rest is that text. */
static int is_command(char *line, const char *word, char **rest)
{
    size_t i;
    for (i = 0; word[i] != '\0'; i++) {
        if (tolower((unsigned char)line[i]) != word[i])
            return 0;
    }
    if (line[i] != '\0' && line[i] != ' ')
        return 0;
    *rest = line[i] == ' ' ? line + i + 1 : line + i;
    return 1;
}

int main(int argc, char **argv)
{
    char line[MAXIMUM_LINE], *text;
    int ok = 1; /* what the last command came to */

    (void)argc;
    (void)argv;
    printf("commands: Create, Send TEXT, Close, Exit\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (is_command(line, "create", &text))
            ok = create_command();
        else if (is_command(line, "send", &text))
            ok = send_command(text);
        else if (is_command(line, "close", &text))
            ok = close_command();
        else if (is_command(line, "exit", &text))
            break;
        else if (line[0] != '\0')
            printf("commands: Create, Send TEXT, Close, Exit\n");
        fflush(stdout);
    }
    /* Windows closes it too when the process ends. */
    if (device != INVALID_HANDLE_VALUE)
        CloseHandle(device);
    return ok ? 0 : 1;
}
