/* SPDX-License-Identifier: MIT */
/* scmkeys.c - services as keys of the registry: made, asked about, changed, listed, deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ntio/win32/scm.h"
#include "ntio.h"
#include "tests/support/host.h"

#define KEY(name) SCM_SERVICES L"\\" name

static SC_HANDLE Manager;

static int Setup(void **state)
{
    host_setup(state);
    Manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    return Manager != NULL ? 0 : -1;
}

static int Teardown(void **state)
{
    if (!CloseServiceHandle(Manager))
        return -1;
    return host_teardown(state);
}

#define assert_fails(expression, error)                                                            \
    do {                                                                                           \
        SetLastError(0);                                                                           \
        assert_false(expression);                                                                  \
        assert_int_equal(GetLastError(), error);                                                   \
    } while (0)

static void AssertText(LPCWSTR key, LPCWSTR value, ULONG type, LPCWSTR expected)
{
    ULONG found, bytes;
    PVOID data;

    assert_int_equal(CmpQueryValue(key, value, &found, &data, &bytes), STATUS_SUCCESS);
    assert_int_equal(found, type);
    assert_int_equal(bytes, (NtCrt_wcslen(expected) + 1) * sizeof(WCHAR));
    assert_memory_equal(data, expected, bytes);
    ExFreePool(data);
}

static void AssertList(LPCWSTR key, LPCWSTR value, LPCWSTR expected, ULONG characters)
{
    ULONG found, bytes;
    PVOID data;

    assert_int_equal(CmpQueryValue(key, value, &found, &data, &bytes), STATUS_SUCCESS);
    assert_int_equal(found, REG_MULTI_SZ);
    assert_int_equal(bytes, characters * sizeof(WCHAR));
    assert_memory_equal(data, expected, bytes);
    ExFreePool(data);
}

static void AssertNumber(LPCWSTR key, LPCWSTR value, ULONG expected)
{
    ULONG number = ~expected;

    assert_int_equal(CmpQueryUlong(key, value, &number), STATUS_SUCCESS);
    assert_int_equal(number, expected);
}

static void AssertAbsent(LPCWSTR key, LPCWSTR value)
{
    ULONG type, bytes;
    PVOID data;

    assert_int_equal(CmpQueryValue(key, value, &type, &data, &bytes), STATUS_OBJECT_NAME_NOT_FOUND);
}

static SC_HANDLE Create(LPCWSTR name, LPCWSTR path)
{
    return CreateServiceW(Manager, name, NULL, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                          SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL, NULL,
                          NULL);
}

static void Remove(SC_HANDLE service)
{
    assert_true(DeleteService(service));
    assert_true(CloseServiceHandle(service));
}

static void managers(void **state)
{
    SC_HANDLE h;
    (void)state;
    assert_fails(OpenSCManagerW(L"\\\\elsewhere", NULL, SC_MANAGER_CONNECT),
                 RPC_S_SERVER_UNAVAILABLE);
    assert_fails(OpenSCManagerW(NULL, SERVICES_FAILED_DATABASEW, SC_MANAGER_CONNECT),
                 ERROR_DATABASE_DOES_NOT_EXIST);
    assert_fails(OpenSCManagerA(NULL, "Nonsense", SC_MANAGER_CONNECT), ERROR_INVALID_NAME);
    h = OpenSCManagerA("", SERVICES_ACTIVE_DATABASEA, GENERIC_READ);
    assert_non_null(h);
    assert_fails(CreateServiceW(h, L"x", NULL, 0, 1, 3, 1, L"x.sys", 0, 0, 0, 0, 0),
                 ERROR_ACCESS_DENIED);
    assert_true(CloseServiceHandle(h));
    assert_fails(CloseServiceHandle(h), ERROR_INVALID_HANDLE);
    assert_fails(CloseServiceHandle(NULL), ERROR_INVALID_HANDLE);
}

static void what_create_writes(void **state)
{
    DWORD tag = 0;
    SC_HANDLE h;
    (void)state;
    h = CreateServiceW(Manager, L"Full", L"All of it", SERVICE_ALL_ACCESS,
                       SERVICE_FILE_SYSTEM_DRIVER, SERVICE_SYSTEM_START, SERVICE_ERROR_SEVERE,
                       L"C:\\drivers\\full.sys", L"Base", &tag, L"One\0+Group\0Two\0",
                       L"\\FileSystem\\Full", NULL);
    assert_non_null(h);
    AssertNumber(KEY(L"Full"), L"Type", 2);
    AssertNumber(KEY(L"Full"), L"Start", 1);
    AssertNumber(KEY(L"Full"), L"ErrorControl", 2);
    AssertNumber(KEY(L"Full"), L"Tag", 1);
    assert_int_equal(tag, 1);
    AssertText(KEY(L"Full"), L"ImagePath", REG_EXPAND_SZ, L"\\??\\C:\\drivers\\full.sys");
    AssertText(KEY(L"Full"), L"DisplayName", REG_SZ, L"All of it");
    AssertText(KEY(L"Full"), L"Group", REG_SZ, L"Base");
    AssertText(KEY(L"Full"), L"ObjectName", REG_SZ, L"\\FileSystem\\Full");
    AssertList(KEY(L"Full"), L"DependOnService", L"One\0Two\0", 9);
    AssertList(KEY(L"Full"), L"DependOnGroup", L"Group\0", 7);
    Remove(h);
    assert_false(CmpKeyExists(KEY(L"Full")));

    h = Create(L"Plain", L"system32\\drivers\\plain.sys");
    assert_non_null(h);
    AssertText(KEY(L"Plain"), L"ImagePath", REG_EXPAND_SZ, L"system32\\drivers\\plain.sys");
    AssertAbsent(KEY(L"Plain"), L"DisplayName");
    AssertAbsent(KEY(L"Plain"), L"Group");
    AssertAbsent(KEY(L"Plain"), L"Tag");
    AssertAbsent(KEY(L"Plain"), L"DependOnService");
    AssertAbsent(KEY(L"Plain"), L"ObjectName");
    Remove(h);

    static const struct {
        LPCWSTR given, written;
    } paths[] = {
        {L"%systemroot%\\a.sys", L"\\SystemRoot\\a.sys"},
        {L"\\SystemRoot\\a.sys", L"\\SystemRoot\\a.sys"},
        {L"\\??\\D:\\a.sys", L"\\??\\D:\\a.sys"},
        {L"\\\\?\\D:\\a.sys", L"\\??\\D:\\a.sys"},
        {L"/opt/drivers/a.so", L"/opt/drivers/a.so"},
    };
    for (size_t i = 0; i < RTL_NUMBER_OF(paths); i++) {
        h = Create(L"Path", paths[i].given);
        assert_non_null(h);
        AssertText(KEY(L"Path"), L"ImagePath", REG_EXPAND_SZ, paths[i].written);
        Remove(h);
    }
}

static void tags_are_unique_in_their_group(void **state)
{
    SC_HANDLE h[3];
    DWORD tags[3] = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        WCHAR name[] = {L'T', (WCHAR)(L'0' + i), 0};
        h[i] = CreateServiceW(Manager, name, NULL, SERVICE_ALL_ACCESS, 1, 0, 1, L"t.sys",
                              i == 2 ? L"Other" : L"Base", &tags[i], NULL, NULL, NULL);
        assert_non_null(h[i]);
    }
    assert_int_equal(tags[0], 1);
    assert_int_equal(tags[1], 2);
    assert_int_equal(tags[2], 1);
    Remove(h[0]);
    h[0] = CreateServiceW(Manager, L"T9", NULL, SERVICE_ALL_ACCESS, 1, 0, 1, L"t.sys", L"bASE",
                          &tags[0], NULL, NULL, NULL);
    assert_int_equal(tags[0], 1); /* it is free again */
    assert_fails(CreateServiceW(Manager, L"T8", NULL, 0, 1, 0, 1, L"t.sys", NULL, &tags[0], NULL,
                                NULL, NULL),
                 ERROR_INVALID_PARAMETER);
    for (int i = 0; i < 3; i++)
        Remove(h[i]);
}

static void what_create_refuses(void **state)
{
    WCHAR longest[258];
    SC_HANDLE h, other;
    (void)state;
    assert_fails(CreateServiceW(NULL, L"x", NULL, 0, 1, 3, 1, L"x.sys", 0, 0, 0, 0, 0),
                 ERROR_INVALID_HANDLE);
    assert_fails(Create(NULL, L"x.sys"), ERROR_INVALID_ADDRESS);
    assert_fails(Create(L"", L"x.sys"), ERROR_INVALID_NAME);
    assert_fails(Create(L"a\\b", L"x.sys"), ERROR_INVALID_NAME);
    assert_fails(Create(L"a/b", L"x.sys"), ERROR_INVALID_NAME);
    assert_fails(Create(L"x", NULL), ERROR_INVALID_PARAMETER);
    assert_fails(Create(L"x", L""), ERROR_INVALID_PARAMETER);
    for (int i = 0; i < 257; i++)
        longest[i] = L'n';
    longest[257] = 0;
    assert_fails(Create(longest, L"x.sys"), ERROR_INVALID_NAME);
    longest[256] = 0;
    h = Create(longest, L"x.sys");
    assert_non_null(h);
    Remove(h);
    static const DWORD bad[][3] = {{0, 3, 1},     {3, 3, 1},    {0x11, 3, 1},
                                   {0x101, 3, 1}, {0x10, 0, 1}, {0x20, 1, 1},
                                   {1, 5, 1},     {1, 3, 4},    {0x40, 3, 1}};
    for (size_t i = 0; i < RTL_NUMBER_OF(bad); i++)
        assert_fails(CreateServiceW(Manager, L"x", NULL, 0, bad[i][0], bad[i][1], bad[i][2],
                                    L"x.sys", 0, 0, 0, 0, 0),
                     ERROR_INVALID_PARAMETER);
    assert_false(CmpKeyExists(KEY(L"x")));

    h = CreateServiceW(Manager, L"First", L"The first", SERVICE_ALL_ACCESS, 1, 3, 1, L"x.sys", 0, 0,
                       L"Later\0", 0, 0);
    assert_non_null(h);
    assert_fails(Create(L"FIRST", L"x.sys"), ERROR_SERVICE_EXISTS);
    assert_fails(Create(L"the FIRST", L"x.sys"), ERROR_DUPLICATE_SERVICE_NAME);
    assert_fails(CreateServiceW(Manager, L"Second", L"first", 0, 1, 3, 1, L"x.sys", 0, 0, 0, 0, 0),
                 ERROR_DUPLICATE_SERVICE_NAME);
    assert_fails(
        CreateServiceW(Manager, L"Second", L"THE FIRST", 0, 1, 3, 1, L"x.sys", 0, 0, 0, 0, 0),
        ERROR_DUPLICATE_SERVICE_NAME);
    assert_fails(
        CreateServiceW(Manager, L"Later", NULL, 0, 1, 3, 1, L"x.sys", 0, 0, L"First\0", 0, 0),
        ERROR_CIRCULAR_DEPENDENCY);
    assert_fails(CreateServiceW(Manager, L"Me", NULL, 0, 1, 3, 1, L"x.sys", 0, 0, L"me\0", 0, 0),
                 ERROR_CIRCULAR_DEPENDENCY);
    other =
        CreateServiceA(Manager, "Later", NULL, SERVICE_ALL_ACCESS, 1, 3, 1, "x.sys", 0, 0, 0, 0, 0);
    assert_non_null(other);
    assert_fails(ChangeServiceConfigW(other, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                      SERVICE_NO_CHANGE, NULL, NULL, NULL, L"First\0", NULL, NULL,
                                      NULL),
                 ERROR_CIRCULAR_DEPENDENCY);
    Remove(other);
    Remove(h);
}

static void configuration_comes_back(void **state)
{
    union {
        QUERY_SERVICE_CONFIGW w;
        QUERY_SERVICE_CONFIGA a;
        BYTE bytes[1024];
    } config;
    DWORD needed = 0, again, tag;
    SC_HANDLE h;
    (void)state;
    h = CreateServiceA(Manager, "Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f dich", SERVICE_ALL_ACCESS,
                       1, 0, 3, "\\SystemRoot\\g.sys", "Base", &tag, "One\0+Grp\0", NULL, NULL);
    assert_non_null(h);
    assert_fails(QueryServiceConfigW(h, NULL, 0, &needed), ERROR_INSUFFICIENT_BUFFER);
    assert_fails(QueryServiceConfigW(h, &config.w, needed - 1, &again), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(again, needed);
    assert_true(QueryServiceConfigW(h, &config.w, needed, &again));
    assert_int_equal(config.w.dwServiceType, 1);
    assert_int_equal(config.w.dwStartType, 0);
    assert_int_equal(config.w.dwErrorControl, 3);
    assert_int_equal(config.w.dwTagId, 1);
    assert_int_equal(NtCrt_wcscmp(config.w.lpBinaryPathName, L"\\SystemRoot\\g.sys"), 0);
    assert_int_equal(NtCrt_wcscmp(config.w.lpLoadOrderGroup, L"Base"), 0);
    assert_memory_equal(config.w.lpDependencies, L"One\0+Grp\0", 10 * sizeof(WCHAR));
    assert_int_equal(NtCrt_wcscmp(config.w.lpServiceStartName, L""), 0);
    assert_int_equal(NtCrt_wcscmp(config.w.lpDisplayName, L"Gr\x00fc\x00df dich"), 0);

    assert_fails(QueryServiceConfigA(h, NULL, 0, &needed), ERROR_INSUFFICIENT_BUFFER);
    assert_true(QueryServiceConfigA(h, &config.a, needed, &again));
    assert_string_equal(config.a.lpBinaryPathName, "\\SystemRoot\\g.sys");
    assert_string_equal(config.a.lpDisplayName, "Gr\xc3\xbc\xc3\x9f dich");
    assert_memory_equal(config.a.lpDependencies, "One\0+Grp\0", 10);
    Remove(h);
}

static void configuration_changes(void **state)
{
    SC_HANDLE h = Create(L"Change", L"old.sys"), weak;
    DWORD tag = 0;
    (void)state;
    assert_true(ChangeServiceConfigW(h, SERVICE_NO_CHANGE, SERVICE_DISABLED, SERVICE_NO_CHANGE,
                                     NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    AssertNumber(KEY(L"Change"), L"Start", 4);
    AssertNumber(KEY(L"Change"), L"Type", 1);
    AssertText(KEY(L"Change"), L"ImagePath", REG_EXPAND_SZ, L"old.sys");
    assert_true(ChangeServiceConfigA(h, SERVICE_NO_CHANGE, SERVICE_BOOT_START,
                                     SERVICE_ERROR_CRITICAL, "D:\\new.sys", "Base", &tag,
                                     "One\0+G\0", NULL, NULL, "Anew"));
    AssertNumber(KEY(L"Change"), L"Start", 0);
    AssertNumber(KEY(L"Change"), L"ErrorControl", 3);
    AssertNumber(KEY(L"Change"), L"Tag", 1);
    AssertText(KEY(L"Change"), L"ImagePath", REG_EXPAND_SZ, L"\\??\\D:\\new.sys");
    AssertText(KEY(L"Change"), L"DisplayName", REG_SZ, L"Anew");
    /* Empty strings take away. */
    assert_true(ChangeServiceConfigW(h, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE,
                                     NULL, L"", NULL, L"", NULL, NULL, L""));
    AssertAbsent(KEY(L"Change"), L"Group");
    AssertAbsent(KEY(L"Change"), L"Tag");
    AssertAbsent(KEY(L"Change"), L"DependOnService");
    AssertAbsent(KEY(L"Change"), L"DependOnGroup");
    AssertAbsent(KEY(L"Change"), L"DisplayName");
    assert_fails(ChangeServiceConfigW(h, 0x10, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, NULL, NULL,
                                      NULL, NULL, NULL, NULL, NULL),
                 ERROR_INVALID_PARAMETER); /* Start 0 is for drivers */
    weak = OpenServiceW(Manager, L"change", SERVICE_QUERY_CONFIG);
    assert_non_null(weak);
    assert_fails(ChangeServiceConfigW(weak, SERVICE_NO_CHANGE, 3, SERVICE_NO_CHANGE, NULL, NULL,
                                      NULL, NULL, NULL, NULL, NULL),
                 ERROR_ACCESS_DENIED);
    assert_fails(DeleteService(weak), ERROR_ACCESS_DENIED);
    assert_fails(StartServiceW(weak, 0, NULL), ERROR_ACCESS_DENIED);
    assert_true(CloseServiceHandle(weak));
    Remove(h);
}

static void descriptions(void **state)
{
    SERVICE_DESCRIPTIONW wide = {(LPWSTR)L"What it does"};
    SERVICE_DESCRIPTIONA narrow = {(LPSTR) "less"};
    SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
    SC_HANDLE h = Create(L"Described", L"x.sys");
    union {
        SERVICE_DESCRIPTIONW w;
        SERVICE_DESCRIPTIONA a;
        BYTE bytes[256];
    } out;
    DWORD needed;
    (void)state;
    assert_true(
        QueryServiceConfig2W(h, SERVICE_CONFIG_DESCRIPTION, out.bytes, sizeof(out), &needed));
    assert_null(out.w.lpDescription);
    assert_true(ChangeServiceConfig2W(h, SERVICE_CONFIG_DESCRIPTION, &wide));
    AssertText(KEY(L"Described"), L"Description", REG_SZ, L"What it does");
    assert_fails(QueryServiceConfig2W(h, SERVICE_CONFIG_DESCRIPTION, NULL, 0, &needed),
                 ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(needed, sizeof(out.w) + 13 * sizeof(WCHAR));
    assert_true(QueryServiceConfig2W(h, SERVICE_CONFIG_DESCRIPTION, out.bytes, needed, &needed));
    assert_int_equal(NtCrt_wcscmp(out.w.lpDescription, L"What it does"), 0);
    assert_true(ChangeServiceConfig2A(h, SERVICE_CONFIG_DESCRIPTION, &narrow));
    assert_true(
        QueryServiceConfig2A(h, SERVICE_CONFIG_DESCRIPTION, out.bytes, sizeof(out), &needed));
    assert_string_equal(out.a.lpDescription, "less");
    wide.lpDescription = (LPWSTR)L"";
    assert_true(ChangeServiceConfig2W(h, SERVICE_CONFIG_DESCRIPTION, &wide));
    AssertAbsent(KEY(L"Described"), L"Description");
    assert_true(ChangeServiceConfig2W(h, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed));
    AssertNumber(KEY(L"Described"), L"DelayedAutostart", 1);
    assert_fails(
        QueryServiceConfig2W(h, SERVICE_CONFIG_FAILURE_ACTIONS, out.bytes, sizeof(out), &needed),
        ERROR_CANNOT_DETECT_DRIVER_FAILURE);
    assert_fails(QueryServiceConfig2W(h, 99, out.bytes, sizeof(out), &needed), ERROR_INVALID_LEVEL);
    Remove(h);
}

static void deletion_waits_for_handles(void **state)
{
    SC_HANDLE h = Create(L"Gone", L"x.sys"), second;
    SERVICE_STATUS status;
    (void)state;
    second = OpenServiceW(Manager, L"Gone", SERVICE_ALL_ACCESS);
    assert_non_null(second);
    assert_true(DeleteService(h));
    assert_fails(DeleteService(second), ERROR_SERVICE_MARKED_FOR_DELETE);
    assert_fails(StartServiceW(second, 0, NULL), ERROR_SERVICE_MARKED_FOR_DELETE);
    assert_fails(ChangeServiceConfigW(h, SERVICE_NO_CHANGE, 3, SERVICE_NO_CHANGE, NULL, NULL, NULL,
                                      NULL, NULL, NULL, NULL),
                 ERROR_SERVICE_MARKED_FOR_DELETE);
    assert_fails(Create(L"GONE", L"x.sys"), ERROR_SERVICE_MARKED_FOR_DELETE);
    assert_true(QueryServiceStatus(second, &status));
    AssertNumber(KEY(L"Gone"), L"DeleteFlag", 1);
    assert_true(CloseServiceHandle(h));
    assert_true(CmpKeyExists(KEY(L"Gone")));
    assert_true(CloseServiceHandle(second));
    assert_false(CmpKeyExists(KEY(L"Gone")));
    assert_fails(OpenServiceW(Manager, L"Gone", SERVICE_START), ERROR_SERVICE_DOES_NOT_EXIST);
    h = Create(L"Gone", L"x.sys");
    assert_non_null(h);
    AssertAbsent(KEY(L"Gone"), L"DeleteFlag");
    Remove(h);
}

/* A process that dies with handles closes them: what waited for that is deleted. */
static void a_dead_process_holds_no_service(void **state)
{
    SC_HANDLE h = Create(L"Held", L"x.sys"), manager;
    ntio_process *process = ntio_process_create("holder");
    (void)state;
    ntio_process_enter(process);
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    assert_non_null(OpenServiceW(manager, L"Held", SERVICE_QUERY_STATUS));
    ntio_process_enter(NULL);
    Remove(h);
    assert_true(CmpKeyExists(KEY(L"Held")));
    ntio_process_end(process);
    assert_false(CmpKeyExists(KEY(L"Held")));
}

static void names(void **state)
{
    SC_HANDLE h = CreateServiceW(Manager, L"Short", L"A longer name", SERVICE_ALL_ACCESS, 1, 3, 1,
                                 L"x.sys", 0, 0, 0, 0, 0);
    WCHAR wide[32];
    char narrow[32];
    DWORD size = 32;
    (void)state;
    assert_true(GetServiceDisplayNameW(Manager, L"SHORT", wide, &size));
    assert_int_equal(size, 13);
    assert_int_equal(NtCrt_wcscmp(wide, L"A longer name"), 0);
    size = 13; /* without room for the zero */
    assert_fails(GetServiceDisplayNameW(Manager, L"Short", wide, &size), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(size, 13);
    size = sizeof(narrow);
    assert_true(GetServiceKeyNameA(Manager, "a LONGER name", narrow, &size));
    assert_int_equal(size, 5);
    assert_string_equal(narrow, "Short");
    assert_fails(GetServiceKeyNameA(Manager, "nobody", narrow, &size),
                 ERROR_SERVICE_DOES_NOT_EXIST);
    assert_fails(GetServiceDisplayNameW(Manager, L"nobody", wide, &size),
                 ERROR_SERVICE_DOES_NOT_EXIST);
    assert_fails(OpenServiceW(Manager, NULL, 1), ERROR_INVALID_ADDRESS);
    assert_fails(OpenServiceW(Manager, L"", 1), ERROR_INVALID_NAME);
    assert_fails(OpenServiceW(h, L"Short", 1), ERROR_INVALID_HANDLE);
    assert_fails(QueryServiceStatus(Manager, (LPSERVICE_STATUS)wide), ERROR_INVALID_HANDLE);
    Remove(h);
}

static void lists(void **state)
{
    union {
        ENUM_SERVICE_STATUSW w[8];
        ENUM_SERVICE_STATUSA a[8];
        ENUM_SERVICE_STATUS_PROCESSW p[8];
        BYTE bytes[1024];
    } out;
    SC_HANDLE h[4], base;
    DWORD needed, count, resume = 0;
    (void)state;
    base = Create(L"Base", L"x.sys");
    h[0] = CreateServiceW(Manager, L"A1", L"First of all", SERVICE_ALL_ACCESS, 1, 3, 1, L"x.sys",
                          L"Grp", 0, L"A2\0", 0, 0);
    h[1] = CreateServiceW(Manager, L"A2", NULL, SERVICE_ALL_ACCESS, 2, 3, 1, L"x.sys", 0, 0,
                          L"Base\0", 0, 0);
    h[2] = CreateServiceW(Manager, L"P1", NULL, SERVICE_ALL_ACCESS, 0x10, 3, 1, L"p.exe", 0, 0, 0,
                          0, 0);
    h[3] = CreateServiceW(Manager, L"A3", NULL, SERVICE_ALL_ACCESS, 1, 3, 1, L"x.sys", 0, 0,
                          L"Base\0", 0, 0);
    assert_fails(EnumServicesStatusW(Manager, SERVICE_DRIVER, SERVICE_STATE_ALL, NULL, 0, &needed,
                                     &count, &resume),
                 ERROR_MORE_DATA);
    assert_int_equal(count, 0);
    assert_true(needed < sizeof(out));
    assert_true(EnumServicesStatusW(Manager, SERVICE_DRIVER, SERVICE_STATE_ALL, out.w, needed,
                                    &needed, &count, &resume));
    assert_int_equal(count, 4); /* A1, A2, A3, Base */
    assert_int_equal(NtCrt_wcscmp(out.w[0].lpServiceName, L"A1"), 0);
    assert_int_equal(NtCrt_wcscmp(out.w[0].lpDisplayName, L"First of all"), 0);
    assert_int_equal(NtCrt_wcscmp(out.w[3].lpDisplayName, L"Base"), 0);
    assert_int_equal(out.w[1].ServiceStatus.dwServiceType, 2);
    assert_int_equal(out.w[1].ServiceStatus.dwCurrentState, SERVICE_STOPPED);
    assert_int_equal(out.w[1].ServiceStatus.dwWin32ExitCode, ERROR_SERVICE_NEVER_STARTED);
    /* In two goes. */
    assert_fails(EnumServicesStatusA(Manager, SERVICE_DRIVER, SERVICE_INACTIVE, out.a, 150, &needed,
                                     &count, &resume),
                 ERROR_MORE_DATA);
    assert_true(count > 0 && count < 4);
    assert_int_equal(resume, count);
    DWORD first = count;
    assert_true(EnumServicesStatusA(Manager, SERVICE_DRIVER, SERVICE_INACTIVE, out.a, sizeof(out),
                                    &needed, &count, &resume));
    assert_int_equal(first + count, 4);
    assert_int_equal(resume, 0);
    assert_string_equal(out.a[count - 1].lpServiceName, "Base");
    assert_true(EnumServicesStatusW(Manager, SERVICE_DRIVER, SERVICE_ACTIVE, out.w, sizeof(out),
                                    &needed, &count, NULL));
    assert_int_equal(count, 0);
    assert_true(EnumServicesStatusExW(Manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
                                      SERVICE_STATE_ALL, out.bytes, sizeof(out), &needed, &count,
                                      NULL, NULL));
    assert_int_equal(count, 1);
    assert_int_equal(NtCrt_wcscmp(out.p[0].lpServiceName, L"P1"), 0);
    assert_true(EnumServicesStatusExA(Manager, SC_ENUM_PROCESS_INFO, SERVICE_DRIVER,
                                      SERVICE_STATE_ALL, out.bytes, sizeof(out), &needed, &count,
                                      NULL, "GRP"));
    assert_int_equal(count, 1);
    assert_fails(EnumServicesStatusW(Manager, 0, 3, out.w, sizeof(out), &needed, &count, NULL),
                 ERROR_INVALID_PARAMETER);
    /* Who depends on Base: what is to be stopped first stands first. */
    assert_true(
        EnumDependentServicesW(base, SERVICE_STATE_ALL, out.w, sizeof(out), &needed, &count));
    assert_int_equal(count, 3);
    assert_int_equal(NtCrt_wcscmp(out.w[0].lpServiceName, L"A1"), 0);
    assert_int_equal(NtCrt_wcscmp(out.w[1].lpServiceName, L"A2"), 0);
    assert_int_equal(NtCrt_wcscmp(out.w[2].lpServiceName, L"A3"), 0);
    assert_fails(StartServiceW(h[2], 0, NULL), ERROR_CALL_NOT_IMPLEMENTED);
    for (int i = 0; i < 4; i++)
        Remove(h[i]);
    Remove(base);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(managers),
        cmocka_unit_test(what_create_writes),
        cmocka_unit_test(tags_are_unique_in_their_group),
        cmocka_unit_test(what_create_refuses),
        cmocka_unit_test(configuration_comes_back),
        cmocka_unit_test(configuration_changes),
        cmocka_unit_test(descriptions),
        cmocka_unit_test(deletion_waits_for_handles),
        cmocka_unit_test(a_dead_process_holds_no_service),
        cmocka_unit_test(names),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, Setup, Teardown);
}
