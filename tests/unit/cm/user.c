/* SPDX-License-Identifier: MIT */
/*
 * The registry's services as a program meets them. The test boots by itself: cmocka puts its own
 * handler of SIGSEGV in place at the beginning of a test, and ntio's must come later.
 */
#include "cmtest.h"

/* What a program may, by its handle's access and its memory. */
static void Program(void **State)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"V");
    ULONG Value = 5, Length, Buffer[16];
    HANDLE Full, Reader, Kernel;
    NAMED Attributes;
    (void)State;

    assert_int_equal(ntio_boot(NULL), 0);
    assert_ok(CreateKey(&Kernel, TEST, NULL, 0, NULL));
    ExpPreviousMode = UserMode;
    assert_ok(NtCreateKey(&Full, KEY_ALL_ACCESS, Named(&Attributes, TEST, OBJ_KERNEL_HANDLE, NULL),
                          0, NULL, 0, NULL));
    assert_true((LONG_PTR)Full > 0);
    assert_ok(NtOpenKey(&Reader, KEY_READ, Named(&Attributes, TEST, 0, NULL)));
    assert_ok(NtSetValueKey(Full, &Name, 0, REG_DWORD, &Value, 4));
    assert_status(NtSetValueKey(Reader, &Name, 0, REG_DWORD, &Value, 4), STATUS_ACCESS_DENIED);
    assert_status(NtSetValueKey(Full, &Name, 0, REG_DWORD, (PVOID)16, 4), STATUS_ACCESS_VIOLATION);
    assert_ok(NtQueryValueKey(Reader, &Name, KeyValuePartialInformation, Buffer, sizeof(Buffer),
                              &Length));
    assert_int_equal(Buffer[3], 5);
    assert_status(
        NtQueryValueKey(Reader, &Name, KeyValuePartialInformation, (PVOID)16, 16, &Length),
        STATUS_ACCESS_VIOLATION);
    assert_status(NtQueryValueKey(Reader, &Name, KeyValuePartialInformation, Buffer, 14, &Length),
                  STATUS_BUFFER_OVERFLOW);
    assert_ok(NtQueryKey(Reader, KeyBasicInformation, Buffer, sizeof(Buffer), &Length));
    assert_status(NtDeleteKey(Reader), STATUS_ACCESS_DENIED);
    assert_status(NtDeleteKey(Kernel), STATUS_INVALID_HANDLE);
    assert_ok(NtDeleteValueKey(Full, &Name));
    assert_ok(NtDeleteKey(Full));
    assert_ok(NtClose(Full));
    assert_ok(NtClose(Reader));
    ExpPreviousMode = KernelMode;
    assert_ok(ZwClose(Kernel));
    assert_int_equal(ntio_shutdown(), 0);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {cmocka_unit_test(Program)};
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
