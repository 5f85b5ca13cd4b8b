/* SPDX-License-Identifier: MIT */
/* RtlQueryRegistryValues with each flag, and the routines for single values. */
#include "cmtest.h"

/* What a query routine was given. */
static struct {
    ULONG Calls;
    struct {
        WCHAR Name[32];
        ULONG Type, Length;
        UCHAR Data[64];
        PVOID EntryContext;
        BOOLEAN NoName, NoData;
    } Call[8];
    PVOID Context;
    NTSTATUS Answer;
} Got;

static NTSTATUS NTAPI Routine(PWSTR ValueName, ULONG ValueType, PVOID ValueData, ULONG ValueLength,
                              PVOID Context, PVOID EntryContext)
{
    ULONG i = Got.Calls < 7 ? Got.Calls : 7;

    Got.Calls++;
    memset(&Got.Call[i], 0, sizeof(Got.Call[i]));
    Got.Call[i].NoName = ValueName == NULL;
    if (ValueName != NULL)
        memcpy(Got.Call[i].Name, ValueName, (NtCrt_wcslen(ValueName) + 1) * sizeof(WCHAR));
    Got.Call[i].Type = ValueType;
    Got.Call[i].Length = ValueLength;
    Got.Call[i].NoData = ValueData == NULL;
    if (ValueData != NULL)
        memcpy(Got.Call[i].Data, ValueData, ValueLength < 64 ? ValueLength : 64);
    Got.Call[i].EntryContext = EntryContext;
    Got.Context = Context;
    return Got.Answer;
}

static NTSTATUS Query(RTL_QUERY_REGISTRY_TABLE *Entry)
{
    RTL_QUERY_REGISTRY_TABLE Table[2];

    memset(Table, 0, sizeof(Table));
    Table[0] = *Entry;
    memset(&Got, 0, sizeof(Got));
    return RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"Test", Table, &Got, NULL);
}

static int Setup(void **State)
{
    static const UCHAR Binary[12] = "binary-data";

    if (BootGroup(State) != 0)
        return -1;
    CmpSetString(TEST, L"String", L"text");
    CmpSetUlong(TEST, L"Dword", 0x12345678);
    CmpSetMultiString(TEST, L"Multi", L"one\0two\0three\0");
    CmpSetValue(TEST, L"Expand", REG_EXPAND_SZ, L"%SystemRoot%\\x %no% %", 44);
    CmpSetValue(TEST, L"Binary", REG_BINARY, Binary, sizeof(Binary));
    CmpSetValue(TEST, L"Bare", REG_SZ, L"bare", 8); /* no closing zero */
    CmpSetUlong(TEST L"\\Sub", L"Inner", 1);
    CmpSetUlong(TEST L"\\Sub", L"Second", 2);
    CmpCreateKey(TEST L"\\Void");
    return 0;
}

static int Teardown(void **State)
{
    CmpDeleteTree(TEST);
    return ShutdownGroup(State);
}

static void NamedValues(void **State)
{
    ULONG EntryContext;
    (void)State;

    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"STRING", .EntryContext = &EntryContext}));
    assert_int_equal(Got.Calls, 1);
    assert_memory_equal(Got.Call[0].Name, L"String", 14);
    assert_int_equal(Got.Call[0].Type, REG_SZ);
    assert_int_equal(Got.Call[0].Length, 10);
    assert_memory_equal(Got.Call[0].Data, L"text", 10);
    assert_ptr_equal(Got.Call[0].EntryContext, &EntryContext);
    assert_ptr_equal(Got.Context, &Got);

    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Dword"}));
    assert_int_equal(Got.Call[0].Type, REG_DWORD);
    assert_int_equal(Got.Call[0].Length, 4);
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Bare"}));
    assert_int_equal(Got.Call[0].Length, 10); /* terminated on the way */
    assert_memory_equal(Got.Call[0].Data, L"bare", 10);

    /* The routine's status ends the query. */
    RTL_QUERY_REGISTRY_TABLE Table[3];
    memset(Table, 0, sizeof(Table));
    Table[0] = (RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Dword"};
    Table[1] = (RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"String"};
    memset(&Got, 0, sizeof(Got));
    Got.Answer = STATUS_DEVICE_BUSY;
    assert_status(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"Test", Table, NULL, NULL),
                  STATUS_DEVICE_BUSY);
    assert_int_equal(Got.Calls, 1);
}

static void AbsentAndDefault(void **State)
{
    ULONG Default = 77;
    (void)State;

    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"None"}));
    assert_int_equal(Got.Calls, 0);
    assert_status(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                    .Name = L"None",
                                                    .Flags = RTL_QUERY_REGISTRY_REQUIRED}),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                .Name = L"None",
                                                .DefaultType = REG_DWORD,
                                                .DefaultData = &Default,
                                                .DefaultLength = 4}));
    assert_int_equal(Got.Calls, 1);
    assert_memory_equal(Got.Call[0].Name, L"None", 10);
    assert_int_equal(Got.Call[0].Type, REG_DWORD);
    assert_memory_equal(Got.Call[0].Data, &Default, 4);
    /* A string's length is found where it is not given. */
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"None", .DefaultType = REG_SZ, .DefaultData = L"dflt"}));
    assert_int_equal(Got.Call[0].Length, 10);
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                .Name = L"None",
                                                .Flags = RTL_QUERY_REGISTRY_NOEXPAND,
                                                .DefaultType = REG_MULTI_SZ,
                                                .DefaultData = L"a\0b\0"}));
    assert_int_equal(Got.Call[0].Length, 10);
    assert_status(Query(&(RTL_QUERY_REGISTRY_TABLE){
                      .QueryRoutine = Routine, .Name = L"None", .DefaultType = REG_DWORD}),
                  STATUS_DATA_OVERRUN);
    /* A value that is there beats the default. */
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                .Name = L"Dword",
                                                .DefaultType = REG_DWORD,
                                                .DefaultData = &Default,
                                                .DefaultLength = 4}));
    assert_memory_equal(Got.Call[0].Data, "\x78\x56\x34\x12", 4);
}

static void Expansion(void **State)
{
    RTL_QUERY_REGISTRY_TABLE Table[2];
    (void)State;

    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Multi"}));
    assert_int_equal(Got.Calls, 3);
    assert_int_equal(Got.Call[1].Type, REG_SZ);
    assert_int_equal(Got.Call[1].Length, 8);
    assert_memory_equal(Got.Call[1].Data, L"two", 8);
    assert_memory_equal(Got.Call[2].Data, L"three", 12);
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"Multi", .Flags = RTL_QUERY_REGISTRY_NOEXPAND}));
    assert_int_equal(Got.Calls, 1);
    assert_int_equal(Got.Call[0].Type, REG_MULTI_SZ);
    assert_int_equal(Got.Call[0].Length, 30);

    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Expand"}));
    assert_int_equal(Got.Call[0].Type, REG_SZ);
    assert_memory_equal(Got.Call[0].Data, L"C:\\Windows\\x %no% %", 40);
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"Expand", .Flags = RTL_QUERY_REGISTRY_NOEXPAND}));
    assert_int_equal(Got.Call[0].Type, REG_EXPAND_SZ);
    assert_memory_equal(Got.Call[0].Data, L"%SystemRoot%\\x %no% %", 44);

    /* An environment of the caller's comes first. */
    memset(Table, 0, sizeof(Table));
    memset(&Got, 0, sizeof(Got));
    Table[0] = (RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Expand"};
    assert_ok(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"Test", Table, NULL,
                                     L"NO=yes\0systemroot=R:\0"));
    assert_memory_equal(Got.Call[0].Data, L"R:\\x yes %", 22);
}

static void AllValues(void **State)
{
    (void)State;

    /* No name: every value, a multi-string counting its strings. */
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine}));
    assert_int_equal(Got.Calls, 8);
    assert_memory_equal(Got.Call[0].Name, L"String", 14);
    assert_memory_equal(Got.Call[2].Data, L"one", 8);
    /* A subkey: its values. */
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"Sub", .Flags = RTL_QUERY_REGISTRY_SUBKEY}));
    assert_int_equal(Got.Calls, 2);
    assert_memory_equal(Got.Call[0].Name, L"Inner", 12);
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"Void", .Flags = RTL_QUERY_REGISTRY_SUBKEY}));
    assert_int_equal(Got.Calls, 0);
    assert_status(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                    .Name = L"Void",
                                                    .Flags = RTL_QUERY_REGISTRY_SUBKEY |
                                                             RTL_QUERY_REGISTRY_REQUIRED}),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                    .Name = L"None",
                                                    .Flags = RTL_QUERY_REGISTRY_SUBKEY}),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                    .Flags = RTL_QUERY_REGISTRY_SUBKEY}),
                  STATUS_INVALID_PARAMETER);
    /* No value at all: one call without any. */
    assert_ok(Query(
        &(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Flags = RTL_QUERY_REGISTRY_NOVALUE}));
    assert_int_equal(Got.Calls, 1);
    assert_true(Got.Call[0].NoName && Got.Call[0].NoData);
    assert_int_equal(Got.Call[0].Type, REG_NONE);
}

static void SubkeyAndTopkey(void **State)
{
    RTL_QUERY_REGISTRY_TABLE Table[6];
    (void)State;

    memset(Table, 0, sizeof(Table));
    memset(&Got, 0, sizeof(Got));
    Table[0] = (RTL_QUERY_REGISTRY_TABLE){.Name = L"Sub", .Flags = RTL_QUERY_REGISTRY_SUBKEY};
    Table[1] = (RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Second"};
    Table[2] =
        (RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Dword"}; /* not in there */
    Table[3] = (RTL_QUERY_REGISTRY_TABLE){
        .QueryRoutine = Routine, .Name = L"Dword", .Flags = RTL_QUERY_REGISTRY_TOPKEY};
    Table[4] = (RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine, .Name = L"Second"};
    assert_ok(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"Test", Table, NULL, NULL));
    assert_int_equal(Got.Calls, 2);
    assert_memory_equal(Got.Call[0].Name, L"Second", 14);
    assert_memory_equal(Got.Call[1].Name, L"Dword", 12);
}

static NTSTATUS Direct(const WCHAR *Name, ULONG Flags, ULONG DefaultType, PVOID Destination)
{
    return Query(&(RTL_QUERY_REGISTRY_TABLE){.Flags = RTL_QUERY_REGISTRY_DIRECT | Flags,
                                             .Name = (PWSTR)Name,
                                             .EntryContext = Destination,
                                             .DefaultType = DefaultType});
}

static void DirectStorage(void **State)
{
    WCHAR Buffer[16];
    UNICODE_STRING String = {0, 0, NULL}, Strings[4];
    ULONG Value = 0;
    struct {
        LONG Size;
        ULONG Type;
        UCHAR Data[24];
    } Block;
    (void)State;

    assert_ok(Direct(L"Dword", 0, 0, &Value));
    assert_int_equal(Value, 0x12345678);
    assert_ok(Direct(L"None", 0, 0, &Value)); /* left alone */
    assert_int_equal(Value, 0x12345678);

    /* Allocated where there is no buffer. */
    assert_ok(Direct(L"String", 0, 0, &String));
    assert_int_equal(String.Length, 8);
    assert_int_equal(String.MaximumLength, 10);
    assert_memory_equal(String.Buffer, L"text", 10);
    ExFreePool(String.Buffer);
    String = (UNICODE_STRING){0, sizeof(Buffer), Buffer};
    assert_ok(Direct(L"String", 0, 0, &String));
    assert_ptr_equal(String.Buffer, Buffer);
    assert_memory_equal(Buffer, L"text", 10);
    String.MaximumLength = 8;
    assert_status(Direct(L"String", 0, 0, &String), STATUS_BUFFER_TOO_SMALL);

    memset(Strings, 0, sizeof(Strings));
    assert_ok(Direct(L"Multi", 0, 0, Strings));
    assert_memory_equal(Strings[2].Buffer, L"three", 12);
    assert_null(Strings[3].Buffer);
    for (ULONG i = 0; i < 3; i++)
        ExFreePool(Strings[i].Buffer);
    String = (UNICODE_STRING){0, 0, NULL};
    assert_ok(Direct(L"Multi", RTL_QUERY_REGISTRY_NOEXPAND, 0, &String));
    assert_int_equal(String.Length, 28);
    ExFreePool(String.Buffer);

    /* Binary: a negative size, the data alone; a positive one, size and type before it. */
    Block.Size = -12;
    assert_ok(Direct(L"Binary", 0, 0, &Block));
    assert_memory_equal(&Block, "binary-data", 12);
    Block.Size = -11;
    assert_status(Direct(L"Binary", 0, 0, &Block), STATUS_BUFFER_TOO_SMALL);
    Block.Size = 20;
    assert_ok(Direct(L"Binary", 0, 0, &Block));
    assert_int_equal(Block.Size, 12);
    assert_int_equal(Block.Type, REG_BINARY);
    assert_memory_equal(Block.Data, "binary-data", 12);
    Block.Size = 19;
    assert_status(Direct(L"Binary", 0, 0, &Block), STATUS_BUFFER_TOO_SMALL);
    Block.Size = 0;
    assert_status(Direct(L"Binary", 0, 0, &Block), STATUS_BUFFER_TOO_SMALL);

    assert_ok(Direct(L"Dword", RTL_QUERY_REGISTRY_TYPECHECK,
                     REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, &Value));
    assert_status(Direct(L"String", RTL_QUERY_REGISTRY_TYPECHECK,
                         REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT, &Value),
                  STATUS_OBJECT_TYPE_MISMATCH);
    /* Absent: the type is not looked at, the default is. */
    ULONG Default = 3;
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){
        .Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK,
        .Name = L"None",
        .EntryContext = &Value,
        .DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT | REG_DWORD,
        .DefaultData = &Default,
        .DefaultLength = 4}));
    assert_int_equal(Value, 3);

    assert_status(Direct(NULL, 0, 0, &Value), STATUS_INVALID_PARAMETER);
    assert_status(Direct(L"Sub", RTL_QUERY_REGISTRY_SUBKEY, 0, &Value), STATUS_INVALID_PARAMETER);
    assert_status(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                    .Name = L"Dword",
                                                    .Flags = RTL_QUERY_REGISTRY_DIRECT,
                                                    .EntryContext = &Value}),
                  STATUS_INVALID_PARAMETER);
}

static void Delete(void **State)
{
    ULONG Value = 0;
    (void)State;

    assert_ok(CmpSetUlong(TEST, L"Once", 5));
    assert_ok(Direct(L"Once", RTL_QUERY_REGISTRY_DELETE, 0, &Value));
    assert_int_equal(Value, 5);
    assert_status(CmpQueryUlong(TEST, L"Once", &Value), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(CmpSetUlong(TEST L"\\Gone", L"A", 1));
    assert_ok(CmpSetUlong(TEST L"\\Gone", L"B", 1));
    assert_ok(Query(&(RTL_QUERY_REGISTRY_TABLE){.QueryRoutine = Routine,
                                                .Name = L"Gone",
                                                .Flags = RTL_QUERY_REGISTRY_SUBKEY |
                                                         RTL_QUERY_REGISTRY_DELETE}));
    assert_int_equal(Got.Calls, 2);
    assert_status(CmpQueryUlong(TEST L"\\Gone", L"A", &Value), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_status(CmpQueryUlong(TEST L"\\Gone", L"B", &Value), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void Places(void **State)
{
    RTL_QUERY_REGISTRY_TABLE Table[2] = {{.Flags = RTL_QUERY_REGISTRY_DIRECT, .Name = L"Dword"}};
    ULONG Value = 0, Default = 9;
    HANDLE Key;
    (void)State;

    Table[0].EntryContext = &Value;
    assert_ok(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, TEST, Table, NULL, NULL));
    assert_int_equal(Value, 0x12345678);
    Value = 0;
    assert_ok(OpenKey(&Key, TEST, NULL));
    assert_ok(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)Key, Table, NULL, NULL));
    assert_int_equal(Value, 0x12345678);
    assert_status(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"None", Table, NULL, NULL),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    Table[0].DefaultType = REG_DWORD;
    Table[0].DefaultData = &Default;
    Table[0].DefaultLength = 4;
    assert_ok(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, L"None", Table,
                                     NULL, NULL));
    assert_int_equal(Value, 9);
    assert_status(RtlQueryRegistryValues(RTL_REGISTRY_MAXIMUM, L"None", Table, NULL, NULL),
                  STATUS_INVALID_PARAMETER);

    assert_ok(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, L"Test"));
    assert_ok(RtlCheckRegistryKey(RTL_REGISTRY_DEVICEMAP, NULL));
    assert_status(RtlCheckRegistryKey(RTL_REGISTRY_CONTROL, L"None"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, L"Test\\Made"));
    assert_true(CmpKeyExists(TEST L"\\Made"));
    assert_ok(
        RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"Test\\Made", L"W", REG_DWORD, &Default, 4));
    assert_ok(CmpQueryUlong(TEST L"\\Made", L"W", &Value));
    assert_ok(
        RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, (PCWSTR)Key, L"H", REG_DWORD, &Default, 4));
    assert_ok(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"Test", L"H"));
    assert_status(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"Test", L"H"),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ok(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"Test\\Made", L"W"));
    assert_ok(ZwClose(Key));
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(NamedValues),     cmocka_unit_test(AbsentAndDefault),
        cmocka_unit_test(Expansion),       cmocka_unit_test(AllValues),
        cmocka_unit_test(SubkeyAndTopkey), cmocka_unit_test(DirectStorage),
        cmocka_unit_test(Delete),          cmocka_unit_test(Places),
    };
    return cmocka_run_group_tests(Tests, Setup, Teardown);
}
