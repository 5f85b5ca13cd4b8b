/* SPDX-License-Identifier: MIT */
/*
 * log.c - INF\setupapi.dev.log: what each installation did, in sections as Windows writes them.
 *
 * A section is gathered and written as a whole, so that two of them do not mix; before a driver is
 * loaded what there is goes to the file, because the driver may stop the host.
 */
#include "ntio/setup/setupp.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SETUPP_LOG_TEXTS 8

struct _SETUP_LOG {
    char *Text;
    SIZE_T Length, Capacity;
    char *Texts[SETUPP_LOG_TEXTS];
    ULONG NextText;
};

static KI_LOCK SetuppLogLock; /* one writer at a time */

static VOID SetuppLogPut(SETUP_LOG *Log, const char *Text, SIZE_T Length)
{
    if (Log->Length + Length + 1 > Log->Capacity) {
        SIZE_T Capacity = (Log->Length + Length + 1) * 2;
        char *Larger = realloc(Log->Text, Capacity);

        if (Larger == NULL)
            return; /* a line less */
        Log->Text = Larger;
        Log->Capacity = Capacity;
    }
    memcpy(Log->Text + Log->Length, Text, Length);
    Log->Length += Length;
}

/* A whole line. */
static VOID SetuppLogLine(SETUP_LOG *Log, const char *Prefix, const char *Format, va_list Arguments)
{
    char Line[1024];
    int Start = snprintf(Line, sizeof(Line), "%s", Prefix);
    int Length = vsnprintf(Line + Start, sizeof(Line) - (size_t)Start - 1, Format, Arguments);

    if (Length < 0)
        return;
    Length += Start;
    if (Length > (int)sizeof(Line) - 2)
        Length = sizeof(Line) - 2;
    /* What a package says of itself does not begin a line of its own. */
    for (int i = 0; i < Length; i++) {
        if ((unsigned char)Line[i] < ' ')
            Line[i] = ' ';
    }
    Line[Length++] = '\n';
    SetuppLogPut(Log, Line, (SIZE_T)Length);
}

static VOID SetuppLogPlain(SETUP_LOG *Log, const char *Prefix, const char *Format, ...)
    __attribute__((format(printf, 3, 4)));
static VOID SetuppLogPlain(SETUP_LOG *Log, const char *Prefix, const char *Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    SetuppLogLine(Log, Prefix, Format, Arguments);
    va_end(Arguments);
}

static VOID SetuppLogTime(SETUP_LOG *Log, const char *Prefix)
{
    struct timespec Now;
    struct tm Parts;
    char Text[64];

    clock_gettime(CLOCK_REALTIME, &Now);
    localtime_r(&Now.tv_sec, &Parts);
    strftime(Text, sizeof(Text), "%Y/%m/%d %H:%M:%S", &Parts);
    SetuppLogPlain(Log, Prefix, "%s.%03ld", Text, Now.tv_nsec / 1000000);
}

SETUP_LOG *SetuppLogOpen(const char *Format, ...)
{
    SETUP_LOG *Log = calloc(1, sizeof(*Log));
    char Title[700];
    va_list Arguments;

    if (Log == NULL)
        return NULL;
    va_start(Arguments, Format);
    vsnprintf(Title, sizeof(Title), Format, Arguments);
    va_end(Arguments);
    SetuppLogPlain(Log, ">>>  ", "[%s]", Title);
    SetuppLogTime(Log, ">>>  Section start ");
    return Log;
}

VOID SetuppLog(SETUP_LOG *Log, const char *Kind, const char *Format, ...)
{
    char Prefix[24];
    va_list Arguments;

    if (Log == NULL)
        return;
    snprintf(Prefix, sizeof(Prefix), "     %s: ", Kind);
    va_start(Arguments, Format);
    SetuppLogLine(Log, Prefix, Format, Arguments);
    va_end(Arguments);
}

const char *SetuppLogText(SETUP_LOG *Log, const WCHAR *Text)
{
    char **Slot;

    if (Log == NULL || Text == NULL)
        return "";
    Slot = &Log->Texts[Log->NextText++ % SETUPP_LOG_TEXTS];
    free(*Slot);
    *Slot = SetuppNarrow(Text);
    return *Slot != NULL ? *Slot : "";
}

VOID SetuppLogFlush(SETUP_LOG *Log)
{
    const char *Root = SetuppRoot(TRUE);
    char *Path = Root == NULL ? NULL : SetuppBelow(Root, L"INF\\setupapi.dev.log");
    SIZE_T Done = 0;
    ssize_t Count;
    int File = -1;

    if (Log == NULL || Path == NULL) {
        free(Path);
        return;
    }
    KiLock(&SetuppLogLock);
    if (!SetuppFileExists(Path))
        (void)SetuppWriteFile(Path, "[Device Install Log]\n\n[BeginLog]\n\n", 34);
    File = open(Path, O_WRONLY | O_APPEND | O_CLOEXEC);
    while (File >= 0 && Done < Log->Length) {
        Count = write(File, Log->Text + Done, Log->Length - Done);
        if (Count <= 0)
            break;
        Done += (SIZE_T)Count;
    }
    if (File >= 0)
        close(File);
    KiUnlock(&SetuppLogLock);
    Log->Length = 0;
    free(Path);
}

VOID SetuppLogClose(SETUP_LOG *Log, ULONG Error)
{
    if (Log == NULL)
        return;
    SetuppLogTime(Log, "<<<  Section end ");
    if (Error == ERROR_SUCCESS)
        SetuppLogPlain(Log, "<<<  ", "[Exit status: SUCCESS]");
    else
        SetuppLogPlain(Log, "<<<  ", "[Exit status: FAILURE(0x%08x)]", (unsigned)Error);
    SetuppLogPut(Log, "\n\n", 2);
    SetuppLogFlush(Log);
    for (ULONG i = 0; i < SETUPP_LOG_TEXTS; i++)
        free(Log->Texts[i]);
    free(Log->Text);
    free(Log);
}
