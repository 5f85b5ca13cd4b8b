/* SPDX-License-Identifier: MIT */
/* printf.c - the printf family of kernel mode, over format.c. See ntcrt.h for what the n forms
 * return. */
#include "rtlp.h"

#define RTLP_UNLIMITED ((SIZE_T)0x7fffffff)

/* Closes Output as the n forms do: a zero only where there is room, -1 where the text was cut. */
static int RtlpClose(RTLP_OUTPUT *Output)
{
    if (Output->Count < Output->Limit) {
        if (Output->Wide)
            ((PWCHAR)Output->Buffer)[Output->Count] = 0;
        else
            ((PCHAR)Output->Buffer)[Output->Count] = 0;
    }
    return Output->Count > Output->Limit ? -1 : (int)Output->Count;
}

static int RtlpPrint(BOOLEAN Wide, PVOID To, SIZE_T n, const VOID *Format,
                     RTLP_ARGUMENTS *Arguments)
{
    RTLP_OUTPUT Output = {Wide, To, n, 0};

    RtlpFormat(&Output, Format, Arguments);
    /* Without a buffer the length is asked for. */
    return To == NULL && n == 0 ? (int)Output.Count : RtlpClose(&Output);
}

int NTAPI NtCrt__vsnprintf(char *to, SIZE_T n, const char *format, NT_VA_LIST args)
{
    RTLP_ARGUMENTS Arguments;
    int Result;

    NT_VA_COPY(Arguments.List, args);
    Result = RtlpPrint(FALSE, to, n, format, &Arguments);
    NT_VA_END(Arguments.List);
    return Result;
}

int NTAPI NtCrt__snprintf(char *to, SIZE_T n, const char *format, ...)
{
    NT_VA_LIST args;
    int Result;

    NT_VA_START(args, format);
    Result = NtCrt__vsnprintf(to, n, format, args);
    NT_VA_END(args);
    return Result;
}

int NTAPI NtCrt_vsprintf(char *to, const char *format, NT_VA_LIST args)
{
    return NtCrt__vsnprintf(to, RTLP_UNLIMITED, format, args);
}

int NTAPI NtCrt_sprintf(char *to, const char *format, ...)
{
    NT_VA_LIST args;
    int Result;

    NT_VA_START(args, format);
    Result = NtCrt__vsnprintf(to, RTLP_UNLIMITED, format, args);
    NT_VA_END(args);
    return Result;
}

int NTAPI NtCrt__vsnwprintf(WCHAR *to, SIZE_T n, const WCHAR *format, NT_VA_LIST args)
{
    RTLP_ARGUMENTS Arguments;
    int Result;

    NT_VA_COPY(Arguments.List, args);
    Result = RtlpPrint(TRUE, to, n, format, &Arguments);
    NT_VA_END(Arguments.List);
    return Result;
}

int NTAPI NtCrt__snwprintf(WCHAR *to, SIZE_T n, const WCHAR *format, ...)
{
    NT_VA_LIST args;
    int Result;

    NT_VA_START(args, format);
    Result = NtCrt__vsnwprintf(to, n, format, args);
    NT_VA_END(args);
    return Result;
}

int NTAPI NtCrt_swprintf(WCHAR *to, const WCHAR *format, ...)
{
    NT_VA_LIST args;
    int Result;

    NT_VA_START(args, format);
    Result = NtCrt__vsnwprintf(to, RTLP_UNLIMITED, format, args);
    NT_VA_END(args);
    return Result;
}
