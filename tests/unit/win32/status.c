/* SPDX-License-Identifier: MIT */
/* status.c - NTSTATUS to Win32 codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ntio/win32/win32.h"
#include "tests/support/host.h"

static void the_table_is_in_order(void **state)
{
    (void)state;
    assert_int_equal(Win32pStatusTableOrdered(), 0);
}

static void the_documented_pairs(void **state)
{
    static const struct {
        ULONG status, error;
    } pairs[] = {
        {0, 0},
        {STATUS_PENDING, 997},
        {STATUS_TIMEOUT, 1460},
        {(ULONG)STATUS_BUFFER_OVERFLOW, 234},
        {(ULONG)STATUS_DEVICE_BUSY, 170},
        {(ULONG)STATUS_UNSUCCESSFUL, 31},
        {(ULONG)STATUS_NOT_IMPLEMENTED, 1},
        {(ULONG)STATUS_INVALID_HANDLE, 6},
        {(ULONG)STATUS_INVALID_PARAMETER, 87},
        {(ULONG)STATUS_NO_SUCH_DEVICE, 433},
        {(ULONG)STATUS_INVALID_DEVICE_REQUEST, 1},
        {(ULONG)STATUS_END_OF_FILE, 38},
        {(ULONG)STATUS_NO_MEDIA_IN_DEVICE, 21},
        {(ULONG)STATUS_UNRECOGNIZED_MEDIA, 1785},
        {(ULONG)STATUS_ACCESS_DENIED, 5},
        {(ULONG)STATUS_BUFFER_TOO_SMALL, 122},
        {(ULONG)STATUS_OBJECT_TYPE_MISMATCH, 6},
        {(ULONG)STATUS_OBJECT_NAME_NOT_FOUND, 2},
        {(ULONG)STATUS_OBJECT_NAME_COLLISION, 183},
        {(ULONG)STATUS_OBJECT_PATH_NOT_FOUND, 3},
        {(ULONG)STATUS_SHARING_VIOLATION, 32},
        {(ULONG)STATUS_DELETE_PENDING, 5},
        {(ULONG)STATUS_INSUFFICIENT_RESOURCES, 1450},
        {(ULONG)STATUS_DEVICE_NOT_CONNECTED, 1167},
        {(ULONG)STATUS_MEDIA_WRITE_PROTECTED, 19},
        {(ULONG)STATUS_IO_TIMEOUT, 121},
        {(ULONG)STATUS_NOT_SUPPORTED, 50},
        {(ULONG)STATUS_CANCELLED, 995},
        {(ULONG)STATUS_NO_MEDIA, 1112},
        {(ULONG)STATUS_INVALID_DEVICE_STATE, 22},
        {(ULONG)STATUS_IO_DEVICE_ERROR, 1117},
        {(ULONG)STATUS_NOT_FOUND, 1168},
        {(ULONG)STATUS_DEVICE_REMOVED, 1617},
        {0xC0000094, 0xC0000094}, /* an exception keeps its number */
        {0xD0000022, 5},          /* bit 28 changes nothing */
        {0x80070020, 32},         /* HRESULT_FROM_WIN32(32) */
        {0xC0010020, 32},
        {0xE0001234, 0xE0001234}, /* an application's own */
        {0xC0009999, 317},        /* unknown */
    };

    (void)state;
    for (size_t i = 0; i < RTL_NUMBER_OF(pairs); i++) {
        assert_int_equal(RtlNtStatusToDosErrorNoTeb((NTSTATUS)pairs[i].status), pairs[i].error);
        assert_int_equal(RtlNtStatusToDosError((NTSTATUS)pairs[i].status), pairs[i].error);
    }
}

static void the_last_error_is_kept(void **state)
{
    (void)state;
    SetLastError(1234);
    assert_int_equal(GetLastError(), 1234);
    assert_false(Win32pFail(STATUS_END_OF_FILE));
    assert_int_equal(GetLastError(), ERROR_HANDLE_EOF);
}

static void check_path(const WCHAR *from, const WCHAR *to)
{
    UNICODE_STRING path;

    assert_int_equal(Win32pNtPath(from, &path), STATUS_SUCCESS);
    assert_int_equal(path.Length, NtCrt_wcslen(to) * sizeof(WCHAR));
    assert_memory_equal(path.Buffer, to, path.Length + sizeof(WCHAR));
    Win32pFreeName(&path);
}

static void paths(void **state)
{
    static WCHAR longest[40000];
    UNICODE_STRING path;

    (void)state;
    check_path(L"\\\\.\\CdRom0", L"\\??\\CdRom0");
    check_path(L"//./CdRom0/x", L"\\??\\CdRom0\\x");
    check_path(L"\\\\?\\C:\\a/b", L"\\??\\C:\\a/b");
    check_path(L"\\??\\X", L"\\??\\X");
    check_path(L"\\\\server\\share", L"\\??\\UNC\\server\\share");
    check_path(L"c:/x", L"\\??\\c:\\x");
    check_path(L"\\x", L"\\??\\C:\\x");
    check_path(L"x", L"\\??\\C:\\x");
    check_path(L"nul", L"\\??\\nul");
    check_path(L"COM3", L"\\??\\COM3");
    check_path(L"COM0", L"\\??\\C:\\COM0");
    assert_int_equal(Win32pNtPath(L"", &path), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(Win32pNtPath(NULL, &path), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(Win32pNtPath(L"\\\\.\\", &path), STATUS_OBJECT_NAME_INVALID);
    for (size_t i = 0; i < RTL_NUMBER_OF(longest) - 1; i++)
        longest[i] = L'a';
    assert_int_equal(Win32pNtPath(longest, &path), STATUS_NAME_TOO_LONG);
}

static void utf8(void **state)
{
    static const WCHAR wide[] = {0x00E4, 0x20AC, 0xD83D, 0xDCBF, L'x', 0xFFFD, L'y', 0};
    UNICODE_STRING name;

    (void)state;
    assert_int_equal(Win32pWide("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x92\xBFx\xFFy", &name),
                     STATUS_SUCCESS);
    assert_int_equal(name.Length, sizeof(wide) - sizeof(WCHAR));
    assert_memory_equal(name.Buffer, wide, sizeof(wide));
    Win32pFreeName(&name);
    /* Too long for its value, and cut off: each byte stands for itself. */
    assert_int_equal(Win32pWide("\xC0\x80\xE2\x82", &name), STATUS_SUCCESS);
    assert_int_equal(name.Length, 4 * sizeof(WCHAR));
    assert_int_equal(name.Buffer[3], 0xFFFD);
    Win32pFreeName(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(the_documented_pairs),
        cmocka_unit_test(the_last_error_is_kept),
        cmocka_unit_test(paths),
        cmocka_unit_test(utf8),
    };
    return cmocka_run_group_tests_name("win32 status", tests, host_setup, host_teardown);
}
