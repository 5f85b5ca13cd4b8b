/* SPDX-License-Identifier: MIT */
/* regfile.c - the registry saved to a file and loaded from one, by the host's calls. */
#include "tests/unit/cm/cmtest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/ntio-reg-XXXXXX", file[64], reason[512];

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(file, sizeof(file), "%s/x.reg", folder);
    return BootGroup(state);
}

static int teardown(void **state)
{
    unlink(file);
    if (rmdir(folder) != 0) /* nothing else was left there */
        return -1;
    return ShutdownGroup(state);
}

static void write_file(const char *text)
{
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void load(const char *text)
{
    write_file(text);
    if (ntio_registry_load(file, reason, sizeof(reason)) != 0)
        fail_msg("%s", reason);
}

static void fails(const char *text, const char *why)
{
    char whole[600];
    write_file(text);
    assert_true(ntio_registry_load(file, reason, sizeof(reason)) < 0);
    snprintf(whole, sizeof(whole), "%s, %s", file, why);
    assert_string_equal(reason, whole);
}

#define HEAD "Windows Registry Editor Version 5.00\r\n\r\n"
#define ROOT "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services"

static void what_is_loaded_is_there(void **state)
{
    WCHAR *string;
    ULONG number;
    (void)state;
    load(HEAD "[" ROOT "\\Test\\Deep\\Deeper]\r\n\"Start\"=dword:00000002\r\n@=\"default\"\r\n"
              "[hkey_classes_root\\.x]\r\n@=\"y\"\r\n[HKEY_CURRENT_USER\\Software\\Z]\r\n");
    assert_ok(CmpQueryUlong(TEST L"\\Deep\\Deeper", L"Start", &number));
    assert_int_equal(number, 2);
    assert_ok(CmpQueryString(TEST L"\\Deep\\Deeper", L"", &string));
    assert_int_equal(NtCrt_wcscmp(string, L"default"), 0);
    ExFreePool(string);
    assert_ok(CmpQueryString(L"\\Registry\\Machine\\Software\\Classes\\.x", L"", &string));
    ExFreePool(string);
    assert_true(CmpKeyExists(L"\\Registry\\User\\.Default\\Software\\Z"));
    /* A second one adds, changes and takes away. */
    load(HEAD "[" ROOT "\\Test\\Deep\\Deeper]\r\n\"Start\"=-\r\n\"None\"=-\r\n\"New\"=dword:1\r\n"
              "[-" ROOT "\\NeverThere]\r\n[-HKEY_CLASSES_ROOT\\.x]\r\n");
    assert_status(CmpQueryUlong(TEST L"\\Deep\\Deeper", L"Start", &number),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(CmpQueryUlong(TEST L"\\Deep\\Deeper", L"New", &number));
    assert_false(CmpKeyExists(L"\\Registry\\Machine\\Software\\Classes\\.x"));
    assert_ok(CmpDeleteTree(TEST));
}

static void a_fault_changes_nothing(void **state)
{
    static char text[40000];
    (void)state;
    fails(HEAD "[" ROOT "\\Test]\r\n\"a\"=dword:1\r\n\"b\"=oops\r\n",
          "line 5: the value is neither text in quotes nor dword: nor hex:");
    assert_false(CmpKeyExists(TEST));
    fails(HEAD "[" ROOT "\\Test]\r\n[HKLM\\x]\r\n",
          "line 4: the key begins with no root such as HKEY_LOCAL_MACHINE");
    assert_false(CmpKeyExists(TEST));
    fails(HEAD "[-HKEY_LOCAL_MACHINE\\SYSTEM]\r\n", "line 3: the key can't be deleted");
    assert_true(CmpKeyExists(SERVICES));
    memset(text, 0, sizeof(text));
    snprintf(text, sizeof(text), HEAD "[HKEY_USERS\\");
    memset(text + strlen(text), 'n', 257);
    strcat(text, "]");
    fails(text, "line 3: a key's name has more than 256 characters");
    memset(text, 0, sizeof(text));
    snprintf(text, sizeof(text), HEAD "[HKEY_USERS\\x]\n\"");
    memset(text + strlen(text), 'n', 16384);
    strcat(text, "\"=\"\"");
    fails(text, "line 4: the value's name has more than 16,383 characters");
    for (char *at = text + snprintf(text, sizeof(text), HEAD "[HKEY_USERS"); at < text + 33000;
         at += 2)
        memcpy(at, "\\k", 2);
    strcpy(text + 33000, "]");
    fails(text, "line 3: the key's path is too long");
    assert_int_equal(ntio_registry_load("/nowhere/x.reg", reason, sizeof(reason)),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_string_equal(reason, "can't open /nowhere/x.reg: No such file or directory");
    assert_true(ntio_registry_load(folder, reason, sizeof(reason)) < 0);
}

/* All that one boot saves the next one has, to the byte. */
static void saved_and_loaded_again(void **state)
{
    static const UCHAR bytes[300] = {0, 255, 7};
    ULONG type, count, number;
    PVOID data;
    HANDLE key;
    (void)state;
    assert_ok(CmpSetString(TEST, L"Text \\ \"q\"", L"C:\\a \"b\" \x00fc\x20ac"));
    assert_ok(CmpSetString(TEST, L"", L""));
    assert_ok(CmpSetMultiString(TEST, L"Multi", L"one\0two\0"));
    assert_ok(CmpSetValue(TEST, L"Big", REG_BINARY, bytes, sizeof(bytes)));
    assert_ok(CmpSetValue(TEST, L"Odd", 0xdeadbeef, "x", 1));
    assert_ok(CmpSetValue(TEST, L"Nothing", REG_NONE, NULL, 0));
    assert_ok(CmpSetUlong(TEST L"\\Sub", L"Number", 0xffffffff));
    assert_ok(CmpCreateKey(TEST L"\\Empty"));
    assert_ok(CreateKey(&key, TEST L"\\Fleeting", NULL, REG_OPTION_VOLATILE, NULL));
    ZwClose(key);
    assert_ok(ntio_registry_save(file, NULL, reason, sizeof(reason)));
    assert_int_equal(ntio_shutdown(), 0);

    assert_int_equal(ntio_boot_from(NULL, file, reason, sizeof(reason)), 0);
    assert_ok(CmpQueryValue(TEST, L"Text \\ \"q\"", &type, &data, &count));
    assert_int_equal(type, REG_SZ);
    assert_int_equal(count, sizeof(L"C:\\a \"b\" \x00fc\x20ac"));
    assert_memory_equal(data, L"C:\\a \"b\" \x00fc\x20ac", count);
    ExFreePool(data);
    assert_ok(CmpQueryValue(TEST, L"", &type, &data, &count));
    assert_int_equal(count, 2);
    ExFreePool(data);
    assert_ok(CmpQueryValue(TEST, L"Multi", &type, &data, &count));
    assert_int_equal(type, REG_MULTI_SZ);
    assert_memory_equal(data, L"one\0two\0", 18);
    ExFreePool(data);
    assert_ok(CmpQueryValue(TEST, L"Big", &type, &data, &count));
    assert_int_equal(type, REG_BINARY);
    assert_int_equal(count, sizeof(bytes));
    assert_memory_equal(data, bytes, count);
    ExFreePool(data);
    assert_ok(CmpQueryValue(TEST, L"Odd", &type, &data, &count));
    assert_int_equal(type, 0xdeadbeef);
    assert_int_equal(count, 1);
    ExFreePool(data);
    assert_ok(CmpQueryValue(TEST, L"Nothing", &type, &data, &count));
    assert_int_equal(type, REG_NONE);
    assert_int_equal(count, 0);
    ExFreePool(data);
    assert_ok(CmpQueryUlong(TEST L"\\Sub", L"Number", &number));
    assert_int_equal(number, 0xffffffff);
    assert_true(CmpKeyExists(TEST L"\\Empty"));
    assert_false(CmpKeyExists(TEST L"\\Fleeting"));
    /* The link was neither saved nor harmed. */
    assert_true(CmpKeyExists(L"\\Registry\\Machine\\System\\ControlSet001\\Services\\Test"));
}

static void a_part_is_saved(void **state)
{
    char text[4096] = {0};
    WCHAR wide[2048];
    FILE *in;
    (void)state;
    assert_ok(CmpDeleteTree(TEST));
    assert_ok(CmpSetUlong(TEST L"\\B", L"n", 1));
    assert_ok(CmpSetString(TEST L"\\A\\C", L"", L"x"));
    assert_ok(ntio_registry_save(file,
                                 "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Test",
                                 reason, sizeof(reason)));
    in = fopen(file, "rb");
    assert_non_null(in);
    size_t count = fread(wide, 2, 2048, in);
    fclose(in);
    for (size_t i = 1; i < count; i++)
        text[i - 1] = (char)wide[i];
#define SAVED "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\Test"
    assert_string_equal(text, HEAD SAVED "]\r\n\r\n" SAVED "\\A]\r\n\r\n" SAVED
                                         "\\A\\C]\r\n@=\"x\"\r\n\r\n" SAVED
                                         "\\B]\r\n\"n\"=dword:00000001\r\n\r\n");
    assert_int_equal(
        ntio_registry_save(file, "\\Registry\\Machine\\Nowhere", reason, sizeof(reason)),
        STATUS_OBJECT_NAME_NOT_FOUND);
    assert_string_equal(reason, "there is no such key");
    assert_true(ntio_registry_save("/nowhere/x.reg", NULL, reason, sizeof(reason)) < 0);
    assert_string_equal(reason, "can't write /nowhere/x.reg: No such file or directory");
    assert_ok(CmpCreateKey(TEST L"\\a\nb"));
    assert_int_equal(ntio_registry_save(file, NULL, reason, sizeof(reason)),
                     STATUS_OBJECT_NAME_INVALID);
    assert_string_equal(reason, "a name in the registry has an end of line or a zero in it");
    assert_ok(CmpDeleteTree(TEST));
}

static void a_boot_with_a_bad_file_fails(void **state)
{
    (void)state;
    assert_int_equal(ntio_shutdown(), 0);
    assert_true(ntio_boot_from(NULL, "/nowhere/x.reg", reason, sizeof(reason)) < 0);
    assert_string_equal(reason, "can't open /nowhere/x.reg: No such file or directory");
    assert_false(ntio_registry_save(file, NULL, reason, sizeof(reason)) == 0);
    assert_string_equal(reason, "ntio is not booted");
    assert_int_equal(ntio_boot_from(NULL, NULL, reason, sizeof(reason)), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_loaded_is_there),      cmocka_unit_test(a_fault_changes_nothing),
        cmocka_unit_test(saved_and_loaded_again),       cmocka_unit_test(a_part_is_saved),
        cmocka_unit_test(a_boot_with_a_bad_file_fails),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
