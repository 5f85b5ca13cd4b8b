/* SPDX-License-Identifier: MIT */
/* Keys and values by handle and by path, and every status at the edges. */
#include "cmtest.h"

static void BootKeys(void **State)
{
    static const WCHAR *const Paths[] = {
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
        L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Enum",
        L"\\registry\\machine\\system\\currentcontrolset\\control\\class",
        L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        L"\\Registry\\Machine\\Hardware\\DeviceMap",
        L"\\Registry\\User\\.Default",
        L"\\Registry",
    };
    ULONG Current = 0;
    HANDLE Key;
    (void)State;

    for (ULONG i = 0; i < RTL_NUMBER_OF(Paths); i++) {
        assert_true(CmpKeyExists(Paths[i]));
        assert_ok(OpenKey(&Key, Paths[i], NULL));
        assert_ok(ZwClose(Key));
    }
    assert_ok(CmpQueryUlong(L"\\Registry\\Machine\\System\\Select", L"Current", &Current));
    assert_int_equal(Current, 1);
    assert_status(OpenKey(&Key, L"\\Registry\\Machine\\None", NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(OpenKey(&Key, L"\\Registry\\None\\Below", NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(OpenKey(&Key, L"Registry\\Machine", NULL), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(OpenKey(&Key, L"\\Device", NULL), STATUS_OBJECT_TYPE_MISMATCH);
    /* Separators in excess are passed over. */
    assert_ok(OpenKey(&Key, L"\\Registry\\\\Machine\\System\\", NULL));
    assert_ok(ZwClose(Key));
}

static void CreateAndOpen(void **State)
{
    HANDLE Key, Again, Sub;
    ULONG Disposition;
    (void)State;

    assert_status(CreateKey(&Key, TEST L"\\Sub", NULL, 0, &Disposition),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(CreateKey(&Key, TEST, NULL, 0, &Disposition));
    assert_int_equal(Disposition, REG_CREATED_NEW_KEY);
    assert_ok(CreateKey(&Again, TEST, NULL, 0, &Disposition));
    assert_int_equal(Disposition, REG_OPENED_EXISTING_KEY);
    assert_ok(ZwClose(Again));
    assert_ok(CreateKey(&Sub, L"Sub", Key, 0, NULL));
    assert_ok(OpenKey(&Again, L"sUB", Key));
    assert_ok(ZwClose(Again));
    assert_status(OpenKey(&Again, L"\\Sub", Key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_status(OpenKey(&Again, L"None", Key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(OpenKey(&Again, L"", Key)); /* the same key once more */
    assert_ok(ZwClose(Again));
    assert_status(CreateKey(&Again, L"\\Registry\\Mine", NULL, 0, NULL), STATUS_ACCESS_DENIED);
    assert_status(CreateKey(&Again, L"X", Key, 0x100, NULL), STATUS_INVALID_PARAMETER);
    assert_status(OpenKey(&Again, L"X", (HANDLE)0x7ffc), STATUS_INVALID_HANDLE);

    WCHAR Long[300];
    for (ULONG i = 0; i < 299; i++)
        Long[i] = L'n';
    Long[299] = 0;
    assert_status(CreateKey(&Again, Long, Key, 0, NULL), STATUS_INVALID_PARAMETER);
    Long[255] = 0;
    assert_ok(CreateKey(&Again, Long, Key, 0, NULL));
    assert_ok(ZwDeleteKey(Again));
    assert_ok(ZwClose(Again));

    NAMED Name;
    assert_ok(ZwOpenKeyEx(&Again, KEY_READ, Named(&Name, L"Sub", 0, Key), REG_OPTION_OPEN_LINK));
    assert_ok(ZwClose(Again));
    assert_status(ZwOpenKeyEx(&Again, KEY_READ, Named(&Name, L"Sub", 0, Key), REG_OPTION_VOLATILE),
                  STATUS_INVALID_PARAMETER_4);
    assert_ok(ZwFlushKey(Sub));

    assert_status(ZwDeleteKey(Key), STATUS_CANNOT_DELETE);
    assert_ok(ZwDeleteKey(Sub));
    assert_ok(ZwClose(Sub));
    assert_ok(ZwDeleteKey(Key));
    assert_ok(ZwClose(Key));
    assert_false(CmpKeyExists(TEST));
}

static void Deleted(void **State)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"V");
    HANDLE Key, Other, Sub;
    ULONG Length, Buffer[32];
    (void)State;

    assert_ok(CreateKey(&Key, TEST, NULL, 0, NULL));
    assert_ok(OpenKey(&Other, TEST, NULL));
    assert_ok(SetValue(Key, L"V", REG_DWORD, &Length, 4));
    assert_ok(ZwDeleteKey(Key));
    assert_status(OpenKey(&Sub, TEST, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(ZwDeleteKey(Other), STATUS_KEY_DELETED);
    assert_status(ZwFlushKey(Other), STATUS_KEY_DELETED);
    assert_status(ZwSetValueKey(Other, &Name, 0, REG_DWORD, &Length, 4), STATUS_KEY_DELETED);
    assert_status(ZwDeleteValueKey(Other, &Name), STATUS_KEY_DELETED);
    assert_status(
        ZwQueryValueKey(Other, &Name, KeyValuePartialInformation, Buffer, sizeof(Buffer), &Length),
        STATUS_KEY_DELETED);
    assert_status(
        ZwEnumerateValueKey(Other, 0, KeyValuePartialInformation, Buffer, sizeof(Buffer), &Length),
        STATUS_KEY_DELETED);
    assert_status(ZwQueryKey(Other, KeyBasicInformation, Buffer, sizeof(Buffer), &Length),
                  STATUS_KEY_DELETED);
    assert_status(ZwEnumerateKey(Other, 0, KeyBasicInformation, Buffer, sizeof(Buffer), &Length),
                  STATUS_KEY_DELETED);
    assert_status(CreateKey(&Sub, L"Sub", Other, 0, NULL), STATUS_KEY_DELETED);
    /* A new key of the name is another one. */
    assert_ok(CreateKey(&Sub, TEST, NULL, 0, NULL));
    assert_status(ZwFlushKey(Other), STATUS_KEY_DELETED);
    assert_ok(ZwDeleteKey(Sub));
    assert_ok(ZwClose(Sub));
    assert_ok(ZwClose(Key));
    assert_ok(ZwClose(Other));
    assert_ok(OpenKey(&Key, SERVICES, NULL));
    assert_status(ZwDeleteKey(Key), STATUS_CANNOT_DELETE);
    assert_ok(ZwClose(Key));
}

static void Volatile(void **State)
{
    HANDLE Key, Sub;
    (void)State;

    assert_ok(CreateKey(&Key, TEST, NULL, REG_OPTION_VOLATILE, NULL));
    assert_status(CreateKey(&Sub, L"Sub", Key, 0, NULL), STATUS_CHILD_MUST_BE_VOLATILE);
    assert_ok(CreateKey(&Sub, L"Sub", Key, REG_OPTION_VOLATILE, NULL));
    assert_ok(ZwDeleteKey(Sub));
    assert_ok(ZwClose(Sub));
    assert_ok(ZwDeleteKey(Key));
    assert_ok(ZwClose(Key));
    assert_status(CreateKey(&Key, L"\\Registry\\Machine\\Hardware\\X", NULL, 0, NULL),
                  STATUS_CHILD_MUST_BE_VOLATILE);
}

static void Links(void **State)
{
    static const WCHAR Target[] = L"\\Registry\\Machine\\Software";
    ULONG64 Buffer[64];
    PKEY_NAME_INFORMATION Name = (PKEY_NAME_INFORMATION)Buffer;
    HANDLE Key, Through, Software;
    ULONG Length;
    NAMED Attributes;
    PVOID Object;
    (void)State;

    /* Opened through CurrentControlSet, a key says where it really is. */
    assert_ok(OpenKey(&Key, SERVICES, NULL));
    assert_ok(ZwQueryKey(Key, KeyNameInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Name->NameLength, 94);
    assert_memory_equal(Name->Name, L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services", 94);
    assert_int_equal(Length, 4 + 94);
    assert_ok(ObReferenceObjectByHandle(Key, 0, *CmKeyObjectType, KernelMode, &Object, NULL));
    UNICODE_STRING Full;
    assert_ok(ObpQueryName(Object, &Full));
    assert_int_equal(Full.Length, 94);
    assert_memory_equal(Full.Buffer, Name->Name, 94);
    ExFreePool(Full.Buffer);
    ObDereferenceObject(Object);
    assert_ok(ZwClose(Key));

    assert_ok(ZwCreateKey(&Key, KEY_ALL_ACCESS, Named(&Attributes, TEST, 0, NULL), 0, NULL,
                          REG_OPTION_CREATE_LINK | REG_OPTION_VOLATILE, NULL));
    assert_status(OpenKey(&Through, TEST, NULL),
                  STATUS_OBJECT_NAME_NOT_FOUND); /* leads nowhere yet */
    assert_ok(SetValue(Key, L"SymbolicLinkValue", REG_LINK, Target, sizeof(Target) - 2));
    assert_ok(OpenKey(&Through, TEST L"\\Microsoft", NULL));
    assert_ok(ZwClose(Through));
    assert_ok(OpenKey(&Through, TEST, NULL));
    assert_ok(OpenKey(&Software, Target, NULL));
    ULONG Value = 7;
    assert_ok(SetValue(Through, L"Linked", REG_DWORD, &Value, 4));
    Value = 0;
    assert_ok(CmpQueryUlong(Target, L"Linked", &Value));
    assert_int_equal(Value, 7);
    assert_ok(CmpDeleteValue(TEST, L"Linked"));
    assert_ok(ZwClose(Through));
    assert_ok(ZwClose(Software));
    /* The link itself. */
    assert_ok(ZwOpenKey(&Through, KEY_READ, Named(&Attributes, TEST, OBJ_OPENLINK, NULL)));
    assert_ok(ZwQueryKey(Through, KeyNameInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Name->NameLength, 104);
    assert_ok(ZwClose(Through));
    assert_status(ZwCreateKey(&Through, KEY_ALL_ACCESS,
                              Named(&Attributes, TEST, OBJ_OPENLINK, NULL), 0, NULL,
                              REG_OPTION_CREATE_LINK, NULL),
                  STATUS_OBJECT_NAME_COLLISION);
    /* To itself: a ring. */
    assert_ok(SetValue(Key, L"SymbolicLinkValue", REG_LINK, TEST, sizeof(TEST) - 2));
    assert_status(OpenKey(&Through, TEST, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(ZwDeleteKey(Key));
    assert_ok(ZwClose(Key));
}

static void EnumerateKeys(void **State)
{
    static const WCHAR *const Names[] = {L"mike", L"Alpha", L"zulu", L"bravo"};
    static const WCHAR *const Sorted[] = {L"Alpha", L"bravo", L"mike", L"zulu"};
    UNICODE_STRING Class = RTL_CONSTANT_STRING(L"Klass");
    ULONG64 Buffer[64];
    PKEY_BASIC_INFORMATION Basic = (PKEY_BASIC_INFORMATION)Buffer;
    PKEY_NODE_INFORMATION Node = (PKEY_NODE_INFORMATION)Buffer;
    PKEY_FULL_INFORMATION Full = (PKEY_FULL_INFORMATION)Buffer;
    HANDLE Key, Sub;
    ULONG Length;
    WCHAR *Name;
    NAMED Attributes;
    (void)State;

    assert_ok(CreateKey(&Key, TEST, NULL, 0, NULL));
    assert_status(ZwEnumerateKey(Key, 0, KeyBasicInformation, Buffer, sizeof(Buffer), &Length),
                  STATUS_NO_MORE_ENTRIES);
    for (ULONG i = 0; i < 4; i++) {
        assert_ok(ZwCreateKey(&Sub, KEY_ALL_ACCESS,
                              Named(&Attributes, Names[i], OBJ_KERNEL_HANDLE, Key), 0,
                              i == 0 ? &Class : NULL, 0, NULL));
        assert_ok(ZwClose(Sub));
    }
    for (ULONG i = 0; i < 4; i++) {
        assert_ok(ZwEnumerateKey(Key, i, KeyBasicInformation, Buffer, sizeof(Buffer), &Length));
        assert_int_equal(Basic->NameLength, NtCrt_wcslen(Sorted[i]) * 2);
        assert_memory_equal(Basic->Name, Sorted[i], Basic->NameLength);
        assert_int_equal(Length, FIELD_OFFSET(KEY_BASIC_INFORMATION, Name) + Basic->NameLength);
        assert_true(Basic->LastWriteTime.QuadPart > 0);
        assert_ok(CmpEnumerateSubkey(TEST, i, &Name));
        assert_int_equal(NtCrt_wcscmp(Name, Sorted[i]), 0);
        ExFreePool(Name);
    }
    assert_status(ZwEnumerateKey(Key, 4, KeyBasicInformation, Buffer, sizeof(Buffer), &Length),
                  STATUS_NO_MORE_ENTRIES);
    assert_status(CmpEnumerateSubkey(TEST, 4, &Name), STATUS_NO_MORE_ENTRIES);
    assert_status(ZwEnumerateKey(Key, 0, KeyNameInformation, Buffer, sizeof(Buffer), &Length),
                  STATUS_INVALID_PARAMETER);
    assert_status(ZwQueryKey(Key, (KEY_INFORMATION_CLASS)99, Buffer, sizeof(Buffer), &Length),
                  STATUS_INVALID_PARAMETER);

    /* Too small: not even the fixed part; the fixed part and half the name. */
    assert_status(ZwEnumerateKey(Key, 2, KeyBasicInformation, Buffer, 15, &Length),
                  STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(Length, 24);
    memset(Buffer, 0xee, sizeof(Buffer));
    assert_status(ZwEnumerateKey(Key, 2, KeyBasicInformation, Buffer, 20, &Length),
                  STATUS_BUFFER_OVERFLOW);
    assert_int_equal(Length, 24);
    assert_memory_equal(Basic->Name, L"mi\xeeee", 6);
    assert_int_equal(Basic->NameLength, 8);

    assert_ok(ZwEnumerateKey(Key, 2, KeyNodeInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Node->ClassLength, 10);
    assert_memory_equal((PUCHAR)Buffer + Node->ClassOffset, L"Klass", 10);
    assert_int_equal(Length, Node->ClassOffset + 10);
    assert_ok(ZwQueryKey(Key, KeyFullInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Full->SubKeys, 4);
    assert_int_equal(Full->MaxNameLen, 10);
    assert_int_equal(Full->MaxClassLen, 10);
    assert_int_equal(Full->Values, 0);
    assert_int_equal(Full->ClassOffset, ~0u);
    assert_ok(SetValue(Key, L"Five5", REG_BINARY, "123456789", 9));
    assert_ok(ZwQueryKey(Key, KeyFullInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Full->Values, 1);
    assert_int_equal(Full->MaxValueNameLen, 10);
    assert_int_equal(Full->MaxValueDataLen, 9);
    assert_ok(ZwQueryKey(Key, KeyCachedInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Length, 40);
    assert_ok(ZwClose(Key));
    assert_ok(CmpDeleteTree(TEST));
    assert_status(CmpDeleteTree(TEST), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(CmpDeleteTree(SERVICES), STATUS_CANNOT_DELETE);
}

static void Values(void **State)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Size"), None = RTL_CONSTANT_STRING(L"None");
    ULONG64 Buffer[64];
    PKEY_VALUE_PARTIAL_INFORMATION Partial = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    PKEY_VALUE_BASIC_INFORMATION Basic = (PKEY_VALUE_BASIC_INFORMATION)Buffer;
    PKEY_VALUE_FULL_INFORMATION Full = (PKEY_VALUE_FULL_INFORMATION)Buffer;
    PKEY_VALUE_PARTIAL_INFORMATION_ALIGN64 Align = (PKEY_VALUE_PARTIAL_INFORMATION_ALIGN64)Buffer;
    HANDLE Key;
    ULONG Length, Value = 0x11223344;
    (void)State;

    assert_ok(CreateKey(&Key, TEST, NULL, 0, NULL));
    assert_status(
        ZwQueryValueKey(Key, &None, KeyValuePartialInformation, Buffer, sizeof(Buffer), &Length),
        STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(ZwDeleteValueKey(Key, &None), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(ZwSetValueKey(Key, &Name, 0, REG_DWORD, &Value, 4));

    /* Partial: 12 fixed, 4 of data. */
    assert_ok(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Buffer, 16, &Length));
    assert_int_equal(Length, 16);
    assert_int_equal(Partial->Type, REG_DWORD);
    assert_int_equal(Partial->DataLength, 4);
    assert_memory_equal(Partial->Data, &Value, 4);
    memset(Buffer, 0xee, sizeof(Buffer));
    assert_status(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Buffer, 14, &Length),
                  STATUS_BUFFER_OVERFLOW);
    assert_int_equal(Length, 16);
    assert_int_equal(Partial->DataLength, 4);
    assert_memory_equal(Partial->Data, "\x44\x33\xee", 3);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Buffer, 12, &Length),
                  STATUS_BUFFER_OVERFLOW);
    memset(Buffer, 0xee, sizeof(Buffer));
    assert_status(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Buffer, 11, &Length),
                  STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(Length, 16);
    assert_int_equal(*(PUCHAR)Buffer, 0xee);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, NULL, 0, &Length),
                  STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(Length, 16);

    /* Basic: 12 fixed and the name. */
    assert_ok(
        ZwQueryValueKey(Key, &Name, KeyValueBasicInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Length, 20);
    assert_int_equal(Basic->NameLength, 8);
    assert_memory_equal(Basic->Name, L"Size", 8);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValueBasicInformation, Buffer, 19, &Length),
                  STATUS_BUFFER_OVERFLOW);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValueBasicInformation, Buffer, 11, &Length),
                  STATUS_BUFFER_TOO_SMALL);

    /* Full: 20 fixed, the name, the data aligned behind it. */
    assert_ok(
        ZwQueryValueKey(Key, &Name, KeyValueFullInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Full->DataOffset, 28);
    assert_int_equal(Length, 32);
    assert_memory_equal(Full->Name, L"Size", 8);
    assert_memory_equal((PUCHAR)Buffer + 28, &Value, 4);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValueFullInformation, Buffer, 31, &Length),
                  STATUS_BUFFER_OVERFLOW);
    assert_int_equal(Length, 32);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValueFullInformation, Buffer, 20, &Length),
                  STATUS_BUFFER_OVERFLOW);
    assert_status(ZwQueryValueKey(Key, &Name, KeyValueFullInformation, Buffer, 19, &Length),
                  STATUS_BUFFER_TOO_SMALL);
    assert_ok(ZwQueryValueKey(Key, &Name, KeyValueFullInformationAlign64, Buffer, sizeof(Buffer),
                              &Length));
    assert_int_equal(Full->DataOffset, 32);
    assert_ok(ZwQueryValueKey(Key, &Name, KeyValuePartialInformationAlign64, Buffer, sizeof(Buffer),
                              &Length));
    assert_int_equal(Length, 12);
    assert_memory_equal(Align->Data, &Value, 4);
    assert_status(ZwQueryValueKey(Key, &Name, (KEY_VALUE_INFORMATION_CLASS)9, Buffer,
                                  sizeof(Buffer), &Length),
                  STATUS_INVALID_PARAMETER);

    /* Empty data, the default value, replacing. */
    assert_ok(SetValue(Key, L"Empty", REG_SZ, NULL, 0));
    RtlInitUnicodeString(&None, L"EMPTY");
    assert_ok(
        ZwQueryValueKey(Key, &None, KeyValueFullInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Full->DataOffset, ~0u);
    assert_int_equal(Length, 30);
    assert_ok(ZwSetValueKey(Key, NULL, 0, REG_SZ, L"default", 16));
    RtlInitUnicodeString(&None, L"");
    assert_ok(
        ZwQueryValueKey(Key, &None, KeyValuePartialInformation, Buffer, sizeof(Buffer), &Length));
    assert_memory_equal(Partial->Data, L"default", 16);
    assert_ok(SetValue(Key, L"SIZE", REG_BINARY, "abcdefgh", 8));
    assert_ok(
        ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Partial->Type, REG_BINARY);
    assert_memory_equal(Partial->Data, "abcdefgh", 8);
    assert_status(ZwSetValueKey(Key, &Name, 0, REG_DWORD, NULL, 4), STATUS_INVALID_PARAMETER);
    UNICODE_STRING Odd = {3, 4, Name.Buffer};
    assert_status(ZwSetValueKey(Key, &Odd, 0, REG_DWORD, &Value, 4), STATUS_INVALID_PARAMETER);

    /* In the order in which they came; gaps close. */
    assert_ok(
        ZwEnumerateValueKey(Key, 0, KeyValueBasicInformation, Buffer, sizeof(Buffer), &Length));
    assert_memory_equal(Basic->Name, L"Size", 8);
    assert_ok(
        ZwEnumerateValueKey(Key, 1, KeyValueBasicInformation, Buffer, sizeof(Buffer), &Length));
    assert_memory_equal(Basic->Name, L"Empty", 10);
    assert_ok(
        ZwEnumerateValueKey(Key, 2, KeyValueBasicInformation, Buffer, sizeof(Buffer), &Length));
    assert_int_equal(Basic->NameLength, 0);
    assert_status(
        ZwEnumerateValueKey(Key, 3, KeyValueBasicInformation, Buffer, sizeof(Buffer), &Length),
        STATUS_NO_MORE_ENTRIES);
    assert_ok(ZwDeleteValueKey(Key, &Name));
    assert_ok(
        ZwEnumerateValueKey(Key, 0, KeyValueBasicInformation, Buffer, sizeof(Buffer), &Length));
    assert_memory_equal(Basic->Name, L"Empty", 10);
    assert_ok(ZwDeleteKey(Key));
    assert_ok(ZwClose(Key));
}

static void ByPath(void **State)
{
    WCHAR *String;
    ULONG Value, Type, Bytes;
    PVOID Data;
    (void)State;

    assert_status(CmpQueryUlong(TEST L"\\A\\B", L"V", &Value), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(CmpSetUlong(TEST L"\\A\\B", L"V", 9)); /* makes the keys on the way */
    assert_true(CmpKeyExists(TEST L"\\A"));
    assert_ok(CmpQueryUlong(TEST L"\\A\\B", L"V", &Value));
    assert_int_equal(Value, 9);
    assert_status(CmpQueryString(TEST L"\\A\\B", L"V", &String), STATUS_OBJECT_TYPE_MISMATCH);
    assert_ok(CmpSetString(TEST, L"S", L"text"));
    assert_ok(CmpQueryString(TEST, L"s", &String));
    assert_int_equal(NtCrt_wcscmp(String, L"text"), 0);
    ExFreePool(String);
    assert_status(CmpQueryUlong(TEST, L"S", &Value), STATUS_OBJECT_TYPE_MISMATCH);
    assert_ok(CmpSetMultiString(TEST, L"M", L"one\0two\0"));
    assert_ok(CmpQueryValue(TEST, L"M", &Type, &Data, &Bytes));
    assert_int_equal(Type, REG_MULTI_SZ);
    assert_int_equal(Bytes, 18);
    assert_memory_equal(Data, L"one\0two\0", 18);
    ExFreePool(Data);
    /* Unterminated: two zeros stand behind all the same. */
    assert_ok(CmpSetValue(TEST, L"U", REG_SZ, L"abc", 6));
    assert_ok(CmpQueryString(TEST, L"U", &String));
    assert_memory_equal(String, L"abc\0", 10);
    ExFreePool(String);
    assert_ok(CmpDeleteValue(TEST, L"U"));
    assert_status(CmpDeleteValue(TEST, L"U"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(CmpCreateKey(TEST L"\\X\\Y\\Z"));
    assert_ok(CmpDeleteTree(TEST));
    assert_false(CmpKeyExists(TEST L"\\X"));
    assert_false(CmpKeyExists(TEST));
}

static void NoMemory(void **State)
{
    NTSTATUS Status;
    ULONG Failures = 0;
    WCHAR *String;
    (void)State;

    for (ULONGLONG i = 1;; i++) {
        atomic_store(&ExpFailAllocationNumber, i);
        Status = CmpSetString(TEST, L"S", L"text");
        atomic_store(&ExpFailAllocationNumber, 0);
        if (NT_SUCCESS(Status))
            break;
        assert_status(Status, STATUS_INSUFFICIENT_RESOURCES);
        Failures++;
    }
    assert_true(Failures >= 3);
    assert_ok(CmpQueryString(TEST, L"S", &String));
    ExFreePool(String);
    assert_ok(CmpDeleteTree(TEST));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(BootKeys), cmocka_unit_test(CreateAndOpen),
        cmocka_unit_test(Deleted),  cmocka_unit_test(Volatile),
        cmocka_unit_test(Links),    cmocka_unit_test(EnumerateKeys),
        cmocka_unit_test(Values),   cmocka_unit_test(ByPath),
        cmocka_unit_test(NoMemory),
    };
    return cmocka_run_group_tests(Tests, BootGroup, ShutdownGroup);
}
