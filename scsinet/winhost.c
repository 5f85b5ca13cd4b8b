/* SPDX-License-Identifier: MIT */
#include "winhost.h"

#include <stdlib.h>
#include <string.h>

/* One code point from UTF-8; advances *text; 0xFFFFFFFF where it is malformed. */
static uint32_t next_point(const unsigned char **text)
{
    const unsigned char *at = *text;
    static const uint32_t minimum[] = {0, 0x80, 0x800, 0x10000};
    uint32_t point = *at++;
    int more = point < 0x80                    ? 0
               : point >= 0xF0 && point < 0xF5 ? 3
               : point >= 0xE0                 ? 2
               : point >= 0xC2                 ? 1
                                               : -1;

    if (more < 0 || point >= 0xF5)
        return UINT32_MAX;
    if (more > 0)
        point &= 0x3Fu >> more;
    for (int i = 0; i < more; i++, at++) {
        if ((*at & 0xC0) != 0x80)
            return UINT32_MAX;
        point = point << 6 | (*at & 0x3Fu);
    }
    if (point < minimum[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
        return UINT32_MAX;
    *text = at;
    return point;
}

WCHAR *wide_from_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    WCHAR *wide = malloc((strlen(text) + 1) * sizeof(WCHAR)); /* never more units than bytes */
    size_t length = 0;

    if (!wide)
        return NULL;
    while (*at) {
        uint32_t point = next_point(&at);

        if (point == UINT32_MAX) {
            free(wide);
            return NULL;
        }
        if (point >= 0x10000) {
            wide[length++] = (WCHAR)(0xD800 + ((point - 0x10000) >> 10));
            wide[length++] = (WCHAR)(0xDC00 + ((point - 0x10000) & 0x3FF));
        } else {
            wide[length++] = (WCHAR)point;
        }
    }
    wide[length] = 0;
    return wide;
}

char *utf8_from_wide(const WCHAR *wide)
{
    size_t units = 0;
    char *text;
    char *at;

    while (wide[units])
        units++;
    text = at = malloc(units * 3 + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < units; i++) {
        uint32_t point = (uint16_t)wide[i];

        if (point >= 0xD800 && point < 0xDC00 && (uint16_t)wide[i + 1] >= 0xDC00 &&
            (uint16_t)wide[i + 1] < 0xE000)
            point = 0x10000 + ((point - 0xD800) << 10) + ((uint16_t)wide[++i] - 0xDC00u);
        else if (point >= 0xD800 && point < 0xE000)
            point = 0xFFFD;
        if (point < 0x80) {
            *at++ = (char)point;
        } else if (point < 0x800) {
            *at++ = (char)(0xC0 | point >> 6);
            *at++ = (char)(0x80 | (point & 0x3F));
        } else if (point < 0x10000) {
            *at++ = (char)(0xE0 | point >> 12);
            *at++ = (char)(0x80 | (point >> 6 & 0x3F));
            *at++ = (char)(0x80 | (point & 0x3F));
        } else {
            *at++ = (char)(0xF0 | point >> 18);
            *at++ = (char)(0x80 | (point >> 12 & 0x3F));
            *at++ = (char)(0x80 | (point >> 6 & 0x3F));
            *at++ = (char)(0x80 | (point & 0x3F));
        }
    }
    *at = '\0';
    return text;
}

HANDLE open_interface(const char *path)
{
    WCHAR *wide = wide_from_utf8(path);
    HANDLE handle;

    if (!wide) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return INVALID_HANDLE_VALUE;
    }
    handle = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                         NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
    free(wide);
    return handle;
}

DWORD control_and_wait(HANDLE device, DWORD code, const void *in, size_t in_size, void *out,
                       size_t out_size, size_t *returned)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    OVERLAPPED overlapped;
    DWORD bytes = 0;
    DWORD error = 0;

    if (returned)
        *returned = 0;
    if (!event)
        return ERROR_NOT_ENOUGH_MEMORY;
    memset(&overlapped, 0, sizeof(overlapped));
    /* The low bit keeps the completion from a port that the handle may be bound to. */
    overlapped.hEvent = (HANDLE)((uintptr_t)event | 1);
    /* What fails at once leaves no trace in `overlapped`: the last error is all there is. */
    if (!DeviceIoControl(device, code, (void *)(uintptr_t)in, (DWORD)in_size, out, (DWORD)out_size,
                         NULL, &overlapped))
        error = GetLastError();
    if (error == 0 || error == ERROR_IO_PENDING)
        error = GetOverlappedResult(device, &overlapped, &bytes, TRUE) ? 0 : GetLastError();
    if (returned)
        *returned = bytes;
    CloseHandle(event);
    return error;
}
