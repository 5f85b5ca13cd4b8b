/* SPDX-License-Identifier: MIT */
/* reg.c - the registry as programs use it: keys, values of every kind, the sizes that are asked for
 * and those that are too small, rights, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <windows.h>
#include "ntio.h"
#include <cmocka.h>

#define TEST "Software\\Test"

static HKEY test; /* HKEY_LOCAL_MACHINE\Software\Test */

static int setup(void **state)
{
    (void)state;
    if (ntio_boot(NULL) != 0)
        return -1;
    return RegCreateKeyExA(HKEY_LOCAL_MACHINE, TEST, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &test, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return RegCloseKey(test) == 0 && ntio_shutdown() == 0 ? 0 : -1;
}

static void keys(void **state)
{
    HKEY a, b, same;
    DWORD how = 0;
    (void)state;
    assert_int_equal(RegOpenKeyExA(HKEY_LOCAL_MACHINE, TEST "\\A", 0, KEY_READ, &a),
                     ERROR_FILE_NOT_FOUND);
    assert_null(a);
    /* Those in between are made as well. */
    assert_int_equal(
        RegCreateKeyExW(test, L"A\\B\\C", 0, (LPWSTR)L"Kind", 0, KEY_READ, NULL, &a, &how), 0);
    assert_int_equal(how, REG_CREATED_NEW_KEY);
    assert_int_equal(RegCreateKeyExA(test, "a\\b\\c", 0, NULL, 0, KEY_READ, NULL, &b, &how), 0);
    assert_int_equal(how, REG_OPENED_EXISTING_KEY);
    assert_int_equal(RegCloseKey(b), 0);
    assert_int_equal(RegOpenKeyExA(a, NULL, 0, KEY_QUERY_VALUE, &same), 0); /* once more */
    assert_int_equal(RegSetValueExA(same, "x", 0, REG_DWORD, (const BYTE *)"1234", 4),
                     ERROR_ACCESS_DENIED);
    assert_int_equal(RegCloseKey(same), 0);
    assert_int_equal(RegCloseKey(same), ERROR_INVALID_HANDLE);
    assert_int_equal(RegOpenKeyExA(test, "\\A", 0, KEY_READ, &b), ERROR_BAD_PATHNAME);
    assert_int_equal(RegCreateKeyExA(test, "\\A", 0, NULL, 0, KEY_READ, NULL, &b, NULL),
                     ERROR_BAD_PATHNAME);
    assert_int_equal(RegOpenKeyExA(NULL, "A", 0, KEY_READ, &b), ERROR_INVALID_HANDLE);
    assert_int_equal(RegOpenKeyExA((HKEY)(ULONG_PTR)0xffffffff80000009u, "A", 0, KEY_READ, &b),
                     ERROR_INVALID_HANDLE);
    assert_int_equal(RegCloseKey(HKEY_LOCAL_MACHINE), 0);
    assert_int_equal(RegFlushKey(a), 0);

    assert_int_equal(RegDeleteKeyA(test, "A"), ERROR_ACCESS_DENIED); /* it has subkeys */
    assert_int_equal(RegDeleteKeyA(test, "Nobody"), ERROR_FILE_NOT_FOUND);
    assert_int_equal(RegDeleteKeyExW(test, L"A\\B\\C", KEY_WOW64_64KEY, 0), 0);
    assert_int_equal(RegQueryValueExA(a, "x", NULL, NULL, NULL, NULL), ERROR_KEY_DELETED);
    assert_int_equal(RegCloseKey(a), 0);
    assert_int_equal(RegDeleteTreeA(test, "A"), 0);
    assert_int_equal(RegOpenKeyA(test, "A", &a), ERROR_FILE_NOT_FOUND);
    /* Volatile below volatile only. */
    assert_int_equal(
        RegCreateKeyExA(test, "V", 0, NULL, REG_OPTION_VOLATILE, KEY_WRITE, NULL, &a, NULL), 0);
    assert_int_equal(RegCreateKeyExA(a, "W", 0, NULL, 0, KEY_WRITE, NULL, &b, NULL),
                     ERROR_CHILD_MUST_BE_VOLATILE);
    assert_int_equal(RegCloseKey(a), 0);
    assert_int_equal(RegDeleteKeyA(test, "V"), 0);
}

static void the_roots(void **state)
{
    HKEY a, b;
    DWORD number = 0, size = sizeof(number);
    (void)state;
    assert_int_equal(RegCreateKeyW(HKEY_CLASSES_ROOT, L".test", &a), 0);
    assert_int_equal(RegOpenKeyA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Classes\\.test", &b), 0);
    assert_int_equal(RegCloseKey(b), 0);
    assert_int_equal(RegCloseKey(a), 0);
    assert_int_equal(RegDeleteKeyA(HKEY_CLASSES_ROOT, ".test"), 0);
    number = 7;
    assert_int_equal(
        RegSetKeyValueA(HKEY_CURRENT_USER, "Control Panel\\X", "n", REG_DWORD, &number, 4), 0);
    number = 0;
    assert_int_equal(RegGetValueA(HKEY_USERS, ".DEFAULT\\Control Panel\\X", "N", RRF_RT_REG_DWORD,
                                  NULL, &number, &size),
                     0);
    assert_int_equal(number, 7);
    assert_int_equal(RegDeleteKeyValueA(HKEY_CURRENT_USER, "Control Panel\\X", "n"), 0);
    assert_int_equal(RegDeleteKeyValueA(HKEY_CURRENT_USER, "Control Panel\\X", "n"),
                     ERROR_FILE_NOT_FOUND);
    assert_int_equal(RegDeleteTreeW(HKEY_CURRENT_USER, L"Control Panel"), 0);
    /* The current control set is a link. */
    assert_int_equal(RegGetValueA(HKEY_LOCAL_MACHINE, "System\\Select", "Current", RRF_RT_DWORD,
                                  NULL, &number, &size),
                     0);
    assert_int_equal(number, 1);
}

static void values_as_they_are(void **state)
{
    BYTE data[16] = {0};
    char text[16];
    WCHAR wide[16];
    DWORD type = 0, size = 0;
    (void)state;
    assert_int_equal(RegSetValueExW(test, L"b", 0, REG_BINARY, (const BYTE *)"\1\2\3", 3), 0);
    assert_int_equal(RegQueryValueExA(test, "B", NULL, &type, NULL, &size), 0);
    assert_int_equal(type, REG_BINARY);
    assert_int_equal(size, 3);
    size = 2;
    assert_int_equal(RegQueryValueExA(test, "b", NULL, NULL, data, &size), ERROR_MORE_DATA);
    assert_int_equal(size, 3);
    assert_int_equal(data[0], 0);
    assert_int_equal(RegQueryValueExA(test, "b", NULL, NULL, data, &size), 0);
    assert_memory_equal(data, "\1\2\3", 3);
    assert_int_equal(RegQueryValueExA(test, "b", NULL, NULL, data, NULL), ERROR_INVALID_PARAMETER);
    assert_int_equal(RegQueryValueExA(test, "none", NULL, &type, data, &size),
                     ERROR_FILE_NOT_FOUND);
    /* Text is UTF-16 inside, and the A form's UTF-8 outside. */
    assert_int_equal(RegSetValueExA(test, NULL, 0, REG_SZ, (const BYTE *)"\xc3\xbcx", 4), 0);
    size = sizeof(wide);
    assert_int_equal(RegQueryValueExW(test, L"", NULL, &type, (LPBYTE)wide, &size), 0);
    assert_int_equal(type, REG_SZ);
    assert_int_equal(size, 6);
    assert_memory_equal(wide, L"\x00fcx", 6);
    size = 3;
    assert_int_equal(RegQueryValueExA(test, NULL, NULL, NULL, (LPBYTE)text, &size),
                     ERROR_MORE_DATA);
    assert_int_equal(size, 4);
    assert_int_equal(RegQueryValueExA(test, NULL, NULL, NULL, (LPBYTE)text, &size), 0);
    assert_string_equal(text, "\xc3\xbcx");
    assert_int_equal(RegSetValueExA(test, "empty", 0, REG_NONE, NULL, 0), 0);
    size = sizeof(data);
    assert_int_equal(RegQueryValueExA(test, "empty", NULL, &type, data, &size), 0);
    assert_int_equal(size, 0);
    assert_int_equal(type, REG_NONE);
    /* A long one: more than fits where the answer is looked for first. */
    static BYTE large[5000], back[5000];
    memset(large, 0x5a, sizeof(large));
    assert_int_equal(RegSetValueExW(test, L"large", 0, REG_BINARY, large, sizeof(large)), 0);
    size = sizeof(back);
    assert_int_equal(RegQueryValueExW(test, L"large", NULL, NULL, back, &size), 0);
    assert_memory_equal(large, back, sizeof(back));
    assert_int_equal(RegDeleteValueW(test, L"large"), 0);
    assert_int_equal(RegDeleteValueA(test, "large"), ERROR_FILE_NOT_FOUND);
    assert_int_equal(RegDeleteTreeA(test, NULL), 0); /* what is in it */
    assert_int_equal(RegQueryValueExA(test, "b", NULL, NULL, NULL, NULL), ERROR_FILE_NOT_FOUND);
}

static void values_of_a_type(void **state)
{
    DWORD number = 5, size, type;
    WCHAR wide[32];
    char text[32];
    (void)state;
    assert_int_equal(RegSetKeyValueW(test, NULL, L"n", REG_DWORD, &number, 4), 0);
    assert_int_equal(RegSetKeyValueA(test, NULL, "s", REG_SZ, "open", 4), 0); /* no zero */
    assert_int_equal(RegSetKeyValueA(test, NULL, "e", REG_EXPAND_SZ, "%systemroot%\\x %no%", 20),
                     0);
    assert_int_equal(RegSetKeyValueA(test, NULL, "m", REG_MULTI_SZ, "a\0b", 4), 0); /* one zero */
    assert_int_equal(RegSetKeyValueA(test, NULL, "b", REG_BINARY, "\1\0\0\0\0", 5), 0);
    size = sizeof(text);
    assert_int_equal(RegGetValueA(test, NULL, "s", RRF_RT_REG_SZ, &type, text, &size), 0);
    assert_int_equal(size, 5);
    assert_string_equal(text, "open");
    size = 4;
    assert_int_equal(RegGetValueA(test, NULL, "s", RRF_RT_REG_SZ, NULL, text, &size),
                     ERROR_MORE_DATA);
    assert_int_equal(size, 5);
    size = sizeof(wide);
    assert_int_equal(RegGetValueW(test, NULL, L"e", RRF_RT_REG_SZ, &type, wide, &size), 0);
    assert_int_equal(type, REG_SZ);
    assert_int_equal(size, sizeof(L"C:\\Windows\\x %no%"));
    assert_memory_equal(wide, L"C:\\Windows\\x %no%", size);
    size = sizeof(text);
    assert_int_equal(
        RegGetValueA(test, NULL, "e", RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, &type, text, &size), 0);
    assert_int_equal(type, REG_EXPAND_SZ);
    assert_string_equal(text, "%systemroot%\\x %no%");
    assert_int_equal(RegGetValueA(test, NULL, "e", RRF_RT_REG_EXPAND_SZ, NULL, text, &size),
                     ERROR_INVALID_PARAMETER);
    size = sizeof(text);
    assert_int_equal(RegGetValueA(test, NULL, "m", RRF_RT_ANY, &type, text, &size), 0);
    assert_int_equal(size, 5);
    assert_memory_equal(text, "a\0b\0\0", 5);
    size = sizeof(number);
    assert_int_equal(
        RegGetValueA(test, NULL, "s", RRF_RT_DWORD | RRF_ZEROONFAILURE, NULL, &number, &size),
        ERROR_UNSUPPORTED_TYPE);
    assert_int_equal(number, 0);
    assert_int_equal(RegGetValueA(test, NULL, "b", RRF_RT_DWORD, NULL, &number, &size),
                     ERROR_INVALID_DATA);
    assert_int_equal(RegGetValueA(test, NULL, "n", RRF_RT_QWORD, NULL, &number, &size),
                     ERROR_UNSUPPORTED_TYPE);
    assert_int_equal(RegGetValueA(test, NULL, "n", RRF_RT_REG_DWORD, NULL, &number, &size), 0);
    assert_int_equal(number, 5);
    assert_int_equal(RegDeleteTreeA(test, ""), 0);
}

static void lists(void **state)
{
    WCHAR wide[16];
    char text[16], class_name[16];
    DWORD size, class_size, type, data_size, subkeys, longest, values, longest_name, longest_value;
    BYTE data[16];
    FILETIME time = {0, 0};
    HKEY key;
    (void)state;
    assert_int_equal(
        RegCreateKeyExA(test, "beta", 0, (LPSTR) "Kind", 0, KEY_READ, NULL, &key, NULL), 0);
    assert_int_equal(RegCloseKey(key), 0);
    assert_int_equal(RegCreateKeyA(test, "Al\xc3\xbc", &key), 0);
    assert_int_equal(RegCloseKey(key), 0);
    assert_int_equal(RegSetValueExA(test, "first", 0, REG_SZ, (const BYTE *)"x", 2), 0);
    assert_int_equal(RegSetValueExA(test, "2", 0, REG_BINARY, (const BYTE *)"123456789", 9), 0);
    assert_int_equal(RegQueryInfoKeyW(test, NULL, NULL, NULL, &subkeys, &longest, NULL, &values,
                                      &longest_name, &longest_value, &type, &time),
                     0);
    assert_int_equal(subkeys, 2);
    assert_int_equal(longest, 4);
    assert_int_equal(values, 2);
    assert_int_equal(longest_name, 5);
    assert_int_equal(longest_value, 9);
    assert_true(time.dwHighDateTime > 0x01d00000); /* after 2014 */

    size = 16;
    assert_int_equal(RegEnumKeyExW(test, 0, wide, &size, NULL, NULL, NULL, &time), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(wide, L"Al\x00fc", 8);
    size = 4; /* four bytes and a zero are five */
    assert_int_equal(RegEnumKeyExA(test, 0, text, &size, NULL, NULL, NULL, NULL), ERROR_MORE_DATA);
    size = 16;
    class_size = 16;
    assert_int_equal(RegEnumKeyExA(test, 1, text, &size, NULL, class_name, &class_size, NULL), 0);
    assert_string_equal(text, "beta");
    assert_string_equal(class_name, "Kind");
    assert_int_equal(class_size, 4);
    assert_int_equal(RegEnumKeyExA(test, 2, text, &size, NULL, NULL, NULL, NULL),
                     ERROR_NO_MORE_ITEMS);

    size = 16;
    data_size = sizeof(data);
    assert_int_equal(RegEnumValueA(test, 0, text, &size, NULL, &type, data, &data_size), 0);
    assert_string_equal(text, "first");
    assert_int_equal(type, REG_SZ);
    assert_int_equal(data_size, 2);
    assert_string_equal((char *)data, "x");
    size = 16;
    data_size = 8;
    assert_int_equal(RegEnumValueW(test, 1, wide, &size, NULL, &type, data, &data_size),
                     ERROR_MORE_DATA);
    assert_int_equal(data_size, 9);
    size = 16;
    assert_int_equal(RegEnumValueW(test, 1, wide, &size, NULL, &type, data, &data_size), 0);
    assert_int_equal(size, 1);
    assert_memory_equal(data, "123456789", 9);
    assert_int_equal(RegEnumValueW(test, 2, wide, &size, NULL, &type, data, &data_size),
                     ERROR_NO_MORE_ITEMS);
    assert_int_equal(RegDeleteTreeA(test, NULL), 0);
    assert_int_equal(RegQueryInfoKeyA(test, NULL, NULL, NULL, &subkeys, NULL, NULL, &values, NULL,
                                      NULL, NULL, NULL),
                     0);
    assert_int_equal(subkeys + values, 0);
}

/* ---- changes ---- */

static bool told(HANDLE event)
{
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}

static void watch(HKEY key, BOOL tree, DWORD filter, HANDLE event)
{
    assert_int_equal(RegNotifyChangeKeyValue(key, tree, filter, event, TRUE), 0);
    assert_false(told(event));
}

static void changes_are_told(void **state)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD number = 1;
    HKEY key, blind, below;
    (void)state;
    assert_int_equal(RegCreateKeyA(test, "W\\Below", &below), 0);
    assert_int_equal(RegOpenKeyExA(test, "W", 0, KEY_NOTIFY | KEY_SET_VALUE, &key), 0);
    assert_int_equal(RegOpenKeyExA(test, "W", 0, KEY_QUERY_VALUE, &blind), 0);
    assert_int_equal(RegNotifyChangeKeyValue(blind, FALSE, REG_NOTIFY_CHANGE_NAME, event, TRUE),
                     ERROR_ACCESS_DENIED);
    assert_int_equal(RegNotifyChangeKeyValue(key, FALSE, 0, event, TRUE), ERROR_INVALID_PARAMETER);
    assert_int_equal(RegNotifyChangeKeyValue(key, FALSE, REG_NOTIFY_CHANGE_NAME, NULL, TRUE),
                     ERROR_INVALID_PARAMETER);
    /* Values of the key itself; each watch tells once. */
    watch(key, FALSE, REG_NOTIFY_CHANGE_LAST_SET, event);
    assert_int_equal(RegSetKeyValueA(below, NULL, "n", REG_DWORD, &number, 4), 0);
    assert_int_equal(RegCloseKey(blind), 0); /* another handle's end is none of its */
    assert_int_equal(RegCreateKeyA(test, "W\\Other", &blind), 0);
    assert_false(told(event));
    assert_int_equal(RegSetKeyValueA(key, NULL, "n", REG_DWORD, &number, 4), 0);
    assert_true(told(event));
    assert_true(ResetEvent(event));
    assert_int_equal(RegDeleteValueA(key, "n"), 0);
    assert_false(told(event));
    watch(key, FALSE, REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_THREAD_AGNOSTIC, event);
    assert_int_equal(RegDeleteKeyA(test, "W\\Other"), 0);
    assert_true(told(event));
    assert_int_equal(RegCloseKey(blind), 0);
    /* And what is below. */
    watch(key, TRUE, REG_NOTIFY_CHANGE_LAST_SET, event);
    assert_int_equal(RegDeleteValueA(below, "n"), 0);
    assert_true(told(event));
    watch(key, TRUE, REG_NOTIFY_CHANGE_NAME, event);
    assert_int_equal(RegCreateKeyA(below, "Deep", &blind), 0);
    assert_true(told(event));
    assert_int_equal(RegCloseKey(blind), 0);
    /* A key that is closed or deleted changes no more. */
    watch(key, TRUE, REG_NOTIFY_CHANGE_NAME, event);
    assert_int_equal(RegCloseKey(key), 0);
    assert_true(told(event));
    watch(below, FALSE, REG_NOTIFY_CHANGE_LAST_SET, event);
    assert_int_equal(RegDeleteTreeA(test, "W"), 0);
    assert_true(told(event));
    assert_int_equal(RegNotifyChangeKeyValue(below, FALSE, REG_NOTIFY_CHANGE_NAME, event, TRUE),
                     ERROR_KEY_DELETED);
    assert_int_equal(RegCloseKey(below), 0);
    /* A predefined key. */
    watch(HKEY_CURRENT_USER, TRUE, REG_NOTIFY_CHANGE_NAME, event);
    assert_int_equal(RegCreateKeyA(HKEY_CURRENT_USER, "Told", &key), 0);
    assert_true(told(event));
    assert_int_equal(RegCloseKey(key), 0);
    assert_int_equal(RegDeleteKeyA(HKEY_CURRENT_USER, "Told"), 0);
    assert_true(CloseHandle(event));
}

static LONG waiting, changes;

static DWORD WINAPI wait_for_changes(LPVOID parameter)
{
    for (int i = 0; i < 50; i++) {
        __atomic_store_n(&waiting, 1, __ATOMIC_SEQ_CST);
        if (RegNotifyChangeKeyValue(parameter, TRUE, REG_NOTIFY_CHANGE_LAST_SET, NULL, FALSE) != 0)
            return 1;
        __atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

/* In the call itself; the setter goes on until all are seen. */
static void changes_are_waited_for(void **state)
{
    HANDLE thread = CreateThread(NULL, 0, wait_for_changes, test, 0, NULL);
    DWORD number = 0, code = 9;
    (void)state;
    assert_non_null(thread);
    while (WaitForSingleObject(thread, 0) == WAIT_TIMEOUT && number < 10000000) {
        number++;
        assert_int_equal(RegSetKeyValueA(test, NULL, "n", REG_DWORD, &number, 4), 0);
    }
    assert_int_equal(WaitForSingleObject(thread, 10000), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(thread, &code));
    assert_int_equal(code, 0);
    assert_int_equal(changes, 50);
    assert_true(CloseHandle(thread));
    assert_int_equal(RegDeleteTreeA(test, NULL), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(the_roots),
        cmocka_unit_test(values_as_they_are),
        cmocka_unit_test(values_of_a_type),
        cmocka_unit_test(lists),
        cmocka_unit_test(changes_are_told),
        cmocka_unit_test(changes_are_waited_for),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
