/* SPDX-License-Identifier: MIT */
/*
 * regtext.h - the registry as text: what regedit exports and imports.
 *
 * Pure: knows neither the registry nor files, takes no lock and calls nothing of ntio but memory,
 * so that it is tested alone. Nothing in a text is believed: no length in it decides on memory.
 *
 * Reads "Windows Registry Editor Version 5.00" and "REGEDIT4", as UTF-16LE with or without its
 * mark, as UTF-8, or as ANSI (Windows-1252, where it is no UTF-8). Source: MS docs, "How to add,
 * modify, or delete registry subkeys and values by using a .reg file"; "Registry Value Types".
 */
#ifndef NTIO_CM_REGTEXT_H
#define NTIO_CM_REGTEXT_H

#include "ntio/ntos.h"

/*
 * Who takes what a text says, in its order. Names and paths are counted, not terminated, and live
 * for the call. A failure ends the reading; Problem then points to what is to be said about it.
 */
typedef struct _REGTEXT_SINK {
    PVOID Context;
    /* [Path] or [-Path]: Path begins with a root's name (HKEY_...), has no backslash at an end and
     * none doubled. */
    NTSTATUS(*Key)
    (PVOID Context, const WCHAR *Path, SIZE_T Characters, BOOLEAN Delete, const char **Problem);
    /* Of the key before; no characters: the default value. Delete: "name"=- */
    NTSTATUS(*Value)
    (PVOID Context, const WCHAR *Name, SIZE_T Characters, ULONG Type, const VOID *Data, ULONG Bytes,
     BOOLEAN Delete, const char **Problem);
} REGTEXT_SINK;

/*
 * Reads a whole text. On failure Reason (Size bytes; may be NULL) gets one sentence, "line N: ...".
 * STATUS_INVALID_PARAMETER: it is no such text; STATUS_INSUFFICIENT_RESOURCES; what the sink said.
 */
NTSTATUS RegTextRead(const VOID *Text, SIZE_T Bytes, const REGTEXT_SINK *Sink, char *Reason,
                     size_t Size);

/* A text that is being written: on the host's heap, RegTextFree. UTF-16, CR LF. */
typedef struct _REGTEXT_OUT {
    WCHAR *Text; /* begins with the byte order mark */
    SIZE_T Count, Room;
    BOOLEAN Failed; /* out of memory: Text is not whole */
} REGTEXT_OUT;
VOID RegTextBegin(REGTEXT_OUT *Out);
VOID RegTextKey(REGTEXT_OUT *Out, const WCHAR *Path, SIZE_T Characters);
VOID RegTextValue(REGTEXT_OUT *Out, const WCHAR *Name, SIZE_T Characters, ULONG Type,
                  const VOID *Data, ULONG Bytes);
VOID RegTextEnd(REGTEXT_OUT *Out);
VOID RegTextFree(REGTEXT_OUT *Out);

#endif
