/* SPDX-License-Identifier: MIT */
/*
 * setupapi_inf.h - the part of setupapi.h that reads .inf files. Include setupapi.h.
 *
 * Sources: MS docs, setupapi.h reference ("SetupOpenInfFileW" and the pages beside it). Each
 * routine answers FALSE (or NULL, INVALID_HANDLE_VALUE) with its reason in GetLastError().
 */
#ifndef NTIO_WIN32_SETUPAPI_INF_H
#define NTIO_WIN32_SETUPAPI_INF_H

#include "windef.h"
#include "setupapi_err.h"

#ifndef WINSETUPAPI
#define WINSETUPAPI WINBASEAPI
#endif
#define LINE_LEN                    256  /* of a displayable string, with its zero */
#define MAX_INF_STRING_LENGTH       4096 /* of a field, with its zero */
#define MAX_INF_SECTION_NAME_LENGTH 255

typedef PVOID HINF;

/* Where in a file one is: filled in by SetupFindFirstLine, opaque. */
typedef struct _INFCONTEXT {
    PVOID Inf;
    PVOID CurrentInf;
    UINT Section;
    UINT Line;
} INFCONTEXT, *PINFCONTEXT;

#define INF_STYLE_NONE  0x00000000
#define INF_STYLE_OLDNT 0x00000001
#define INF_STYLE_WIN4  0x00000002

#endif
