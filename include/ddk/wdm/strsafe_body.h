/* SPDX-License-Identifier: MIT */
/*
 * wdm/strsafe_body.h - the body of ntstrsafe.h, included once for each kind of character:
 * NTSTRSAFE_CHAR is the type, NTSTRSAFE_NAME(n) appends A or W, NTSTRSAFE_VSNPRINTF formats. So it
 * has no guard.
 */

/* Copies up to n characters to `to` + `at`; the buffer holds cch. Always ends it with zero. */
NTSTRSAFEDDI NTSTRSAFE_NAME(NtioStringPut)(NTSTRSAFE_CHAR *to, SIZE_T cch, SIZE_T at,
                                           const NTSTRSAFE_CHAR *from, SIZE_T n, SIZE_T *end)
{
    SIZE_T i = 0;
    NTSTATUS status = STATUS_SUCCESS;

    while (i < n && from[i] != 0) {
        if (at + 1 >= cch) {
            status = STATUS_BUFFER_OVERFLOW;
            break;
        }
        to[at++] = from[i++];
    }
    to[at] = 0;
    *end = at;
    return status;
}

/* Applies the flags of the Ex forms and says where the text ended. */
NTSTRSAFEDDI NTSTRSAFE_NAME(NtioStringEnd)(NTSTRSAFE_CHAR *to, SIZE_T cch, SIZE_T end,
                                           NTSTATUS status, NTSTRSAFE_CHAR **pEnd,
                                           SIZE_T *pRemaining, ULONG flags)
{
    if (status == STATUS_SUCCESS) {
        if ((flags & STRSAFE_FILL_BEHIND_NULL) && end + 1 < cch)
            __builtin_memset(to + end + 1, (int)(flags & 0xff),
                             (cch - end - 1) * sizeof(NTSTRSAFE_CHAR));
    } else if (cch != 0 && to != NULL) {
        if (flags & STRSAFE_FILL_ON_FAILURE) {
            __builtin_memset(to, (int)(flags & 0xff), cch * sizeof(NTSTRSAFE_CHAR));
            end = (flags & 0xff) == 0 ? 0 : cch - 1;
            to[end] = 0;
        }
        if (flags & (STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)) {
            to[0] = 0;
            end = 0;
        }
    }
    if (pEnd != NULL)
        *pEnd = to == NULL ? NULL : to + end;
    if (pRemaining != NULL)
        *pRemaining = cch - end;
    return status;
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchLength)(const NTSTRSAFE_CHAR *s, SIZE_T cchMax,
                                                SIZE_T *pcchLength)
{
    SIZE_T n = 0;

    if (pcchLength != NULL)
        *pcchLength = 0;
    if (s == NULL || cchMax > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    while (n < cchMax && s[n] != 0)
        n++;
    if (n == cchMax)
        return STATUS_INVALID_PARAMETER;
    if (pcchLength != NULL)
        *pcchLength = n;
    return STATUS_SUCCESS;
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbLength)(const NTSTRSAFE_CHAR *s, SIZE_T cbMax,
                                               SIZE_T *pcbLength)
{
    SIZE_T n;
    NTSTATUS status = NTSTRSAFE_NAME(RtlStringCchLength)(s, cbMax / sizeof(NTSTRSAFE_CHAR), &n);

    if (pcbLength != NULL)
        *pcbLength = n * sizeof(NTSTRSAFE_CHAR);
    return status;
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCopyNEx)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                                 const NTSTRSAFE_CHAR *from, SIZE_T n,
                                                 NTSTRSAFE_CHAR **pEnd, SIZE_T *pRemaining,
                                                 ULONG flags)
{
    static const NTSTRSAFE_CHAR empty[1] = {0};
    SIZE_T end = 0;
    NTSTATUS status;

    if (from == NULL && (flags & STRSAFE_IGNORE_NULLS))
        from = empty;
    if (to == NULL || cch == 0 || cch > NTSTRSAFE_MAX_CCH || from == NULL)
        return STATUS_INVALID_PARAMETER;
    status = NTSTRSAFE_NAME(NtioStringPut)(to, cch, 0, from, n, &end);
    return NTSTRSAFE_NAME(NtioStringEnd)(to, cch, end, status, pEnd, pRemaining, flags);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCatNEx)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                                const NTSTRSAFE_CHAR *from, SIZE_T n,
                                                NTSTRSAFE_CHAR **pEnd, SIZE_T *pRemaining,
                                                ULONG flags)
{
    static const NTSTRSAFE_CHAR empty[1] = {0};
    SIZE_T old, end = 0;
    NTSTATUS status;

    if (from == NULL && (flags & STRSAFE_IGNORE_NULLS))
        from = empty;
    if (from == NULL || NTSTRSAFE_NAME(RtlStringCchLength)(to, cch, &old) != STATUS_SUCCESS)
        return STATUS_INVALID_PARAMETER;
    status = NTSTRSAFE_NAME(NtioStringPut)(to, cch, old, from, n, &end);
    if (status != STATUS_SUCCESS && (flags & STRSAFE_NO_TRUNCATION)) {
        to[old] = 0;
        end = old;
        flags &= ~(ULONG)STRSAFE_NO_TRUNCATION;
    }
    return NTSTRSAFE_NAME(NtioStringEnd)(to, cch, end, status, pEnd, pRemaining, flags);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                                   NTSTRSAFE_CHAR **pEnd, SIZE_T *pRemaining,
                                                   ULONG flags, const NTSTRSAFE_CHAR *format,
                                                   NT_VA_LIST args)
{
    SIZE_T end;
    int n;
    NTSTATUS status = STATUS_SUCCESS;

    if (to == NULL || cch == 0 || cch > NTSTRSAFE_MAX_CCH || format == NULL)
        return STATUS_INVALID_PARAMETER;
    n = NTSTRSAFE_VSNPRINTF(to, cch - 1, format, args);
    if (n < 0 || (SIZE_T)n > cch - 1) {
        end = cch - 1;
        status = STATUS_BUFFER_OVERFLOW;
    } else {
        end = (SIZE_T)n;
    }
    to[end] = 0;
    return NTSTRSAFE_NAME(NtioStringEnd)(to, cch, end, status, pEnd, pRemaining, flags);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCopy)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                              const NTSTRSAFE_CHAR *from)
{
    return NTSTRSAFE_NAME(RtlStringCchCopyNEx)(to, cch, from, MAXSIZE_T, NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbCopy)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                             const NTSTRSAFE_CHAR *from)
{
    return NTSTRSAFE_NAME(RtlStringCchCopyNEx)(to, cb / sizeof(NTSTRSAFE_CHAR), from, MAXSIZE_T,
                                               NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCopyEx)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                                const NTSTRSAFE_CHAR *from, NTSTRSAFE_CHAR **pEnd,
                                                SIZE_T *pRemaining, ULONG flags)
{
    return NTSTRSAFE_NAME(RtlStringCchCopyNEx)(to, cch, from, MAXSIZE_T, pEnd, pRemaining, flags);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCopyN)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                               const NTSTRSAFE_CHAR *from, SIZE_T n)
{
    return NTSTRSAFE_NAME(RtlStringCchCopyNEx)(to, cch, from, n, NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbCopyN)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                              const NTSTRSAFE_CHAR *from, SIZE_T n)
{
    return NTSTRSAFE_NAME(RtlStringCchCopyNEx)(to, cb / sizeof(NTSTRSAFE_CHAR), from,
                                               n / sizeof(NTSTRSAFE_CHAR), NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCat)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                             const NTSTRSAFE_CHAR *from)
{
    return NTSTRSAFE_NAME(RtlStringCchCatNEx)(to, cch, from, MAXSIZE_T, NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbCat)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                            const NTSTRSAFE_CHAR *from)
{
    return NTSTRSAFE_NAME(RtlStringCchCatNEx)(to, cb / sizeof(NTSTRSAFE_CHAR), from, MAXSIZE_T,
                                              NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCatN)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                              const NTSTRSAFE_CHAR *from, SIZE_T n)
{
    return NTSTRSAFE_NAME(RtlStringCchCatNEx)(to, cch, from, n, NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbCatN)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                             const NTSTRSAFE_CHAR *from, SIZE_T n)
{
    return NTSTRSAFE_NAME(RtlStringCchCatNEx)(to, cb / sizeof(NTSTRSAFE_CHAR), from,
                                              n / sizeof(NTSTRSAFE_CHAR), NULL, NULL, 0);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchCatEx)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                               const NTSTRSAFE_CHAR *from, NTSTRSAFE_CHAR **pEnd,
                                               SIZE_T *pRemaining, ULONG flags)
{
    return NTSTRSAFE_NAME(RtlStringCchCatNEx)(to, cch, from, MAXSIZE_T, pEnd, pRemaining, flags);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbCopyEx)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                               const NTSTRSAFE_CHAR *from, NTSTRSAFE_CHAR **pEnd,
                                               SIZE_T *pcbRemaining, ULONG flags)
{
    SIZE_T remaining = 0;
    NTSTATUS status = NTSTRSAFE_NAME(RtlStringCchCopyNEx)(to, cb / sizeof(NTSTRSAFE_CHAR), from,
                                                          MAXSIZE_T, pEnd, &remaining, flags);

    if (pcbRemaining != NULL && status != STATUS_INVALID_PARAMETER)
        *pcbRemaining = remaining * sizeof(NTSTRSAFE_CHAR) + cb % sizeof(NTSTRSAFE_CHAR);
    return status;
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbCatEx)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                              const NTSTRSAFE_CHAR *from, NTSTRSAFE_CHAR **pEnd,
                                              SIZE_T *pcbRemaining, ULONG flags)
{
    SIZE_T remaining = 0;
    NTSTATUS status = NTSTRSAFE_NAME(RtlStringCchCatNEx)(to, cb / sizeof(NTSTRSAFE_CHAR), from,
                                                         MAXSIZE_T, pEnd, &remaining, flags);

    if (pcbRemaining != NULL && status != STATUS_INVALID_PARAMETER)
        *pcbRemaining = remaining * sizeof(NTSTRSAFE_CHAR) + cb % sizeof(NTSTRSAFE_CHAR);
    return status;
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCchVPrintf)(NTSTRSAFE_CHAR *to, SIZE_T cch,
                                                 const NTSTRSAFE_CHAR *format, NT_VA_LIST args)
{
    return NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(to, cch, NULL, NULL, 0, format, args);
}

NTSTRSAFEDDI NTSTRSAFE_NAME(RtlStringCbVPrintf)(NTSTRSAFE_CHAR *to, SIZE_T cb,
                                                const NTSTRSAFE_CHAR *format, NT_VA_LIST args)
{
    return NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(to, cb / sizeof(NTSTRSAFE_CHAR), NULL, NULL, 0,
                                                 format, args);
}

static inline __attribute__((unused)) NTSTATUS NTAPI NTSTRSAFE_NAME(RtlStringCchPrintf)(
    NTSTRSAFE_CHAR *to, SIZE_T cch, const NTSTRSAFE_CHAR *format, ...)
{
    NT_VA_LIST args;
    NTSTATUS status;

    NT_VA_START(args, format);
    status = NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(to, cch, NULL, NULL, 0, format, args);
    NT_VA_END(args);
    return status;
}

static inline __attribute__((unused)) NTSTATUS NTAPI
NTSTRSAFE_NAME(RtlStringCbPrintf)(NTSTRSAFE_CHAR *to, SIZE_T cb, const NTSTRSAFE_CHAR *format, ...)
{
    NT_VA_LIST args;
    NTSTATUS status;

    NT_VA_START(args, format);
    status = NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(to, cb / sizeof(NTSTRSAFE_CHAR), NULL, NULL, 0,
                                                   format, args);
    NT_VA_END(args);
    return status;
}

static inline __attribute__((unused)) NTSTATUS NTAPI NTSTRSAFE_NAME(RtlStringCchPrintfEx)(
    NTSTRSAFE_CHAR *to, SIZE_T cch, NTSTRSAFE_CHAR **pEnd, SIZE_T *pRemaining, ULONG flags,
    const NTSTRSAFE_CHAR *format, ...)
{
    NT_VA_LIST args;
    NTSTATUS status;

    NT_VA_START(args, format);
    status = NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(to, cch, pEnd, pRemaining, flags, format, args);
    NT_VA_END(args);
    return status;
}

static inline __attribute__((unused)) NTSTATUS NTAPI NTSTRSAFE_NAME(RtlStringCbPrintfEx)(
    NTSTRSAFE_CHAR *to, SIZE_T cb, NTSTRSAFE_CHAR **pEnd, SIZE_T *pcbRemaining, ULONG flags,
    const NTSTRSAFE_CHAR *format, ...)
{
    NT_VA_LIST args;
    SIZE_T remaining = 0;
    NTSTATUS status;

    NT_VA_START(args, format);
    status = NTSTRSAFE_NAME(RtlStringCchVPrintfEx)(to, cb / sizeof(NTSTRSAFE_CHAR), pEnd,
                                                   &remaining, flags, format, args);
    NT_VA_END(args);
    if (pcbRemaining != NULL && status != STATUS_INVALID_PARAMETER)
        *pcbRemaining = remaining * sizeof(NTSTRSAFE_CHAR) + cb % sizeof(NTSTRSAFE_CHAR);
    return status;
}
