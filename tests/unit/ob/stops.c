/* SPDX-License-Identifier: MIT */
/* What stops the system: references that do not add up, bad kernel handles, IRQL. */
#include "obtest.h"
#include "tests/support/bugcheck.h"

static VOID DeleteOnceMore(PVOID Object)
{
    ObDereferenceObject(Object);
}

static VOID ReferenceDying(PVOID Object)
{
    ObReferenceObject(Object);
}

static PVOID NewObject(OB_DELETE_METHOD *Delete)
{
    OB_TYPE_INFO Info = {.Name = L"Thing", .Delete = Delete};
    POBJECT_TYPE Type;
    PVOID Object;

    if (!NT_SUCCESS(ObpCreateType(&Info, &Type)) || !NT_SUCCESS(ObpCreate(Type, NULL, 16, &Object)))
        return NULL;
    return Object;
}

/* The count is zero while the deletion runs: one reference less, or a new one, is too much. */
static void Underflow(void *Context)
{
    (void)Context;
    ObDereferenceObject(NewObject(DeleteOnceMore));
}

static void Resurrection(void *Context)
{
    (void)Context;
    ObDereferenceObject(NewObject(ReferenceDying));
}

/* The handle's reference was dropped by somebody else. */
static void DeletedWithHandle(void *Context)
{
    PVOID Object = NewObject(NULL);
    HANDLE Handle;

    (void)Context;
    ObpCreateHandle(Object, 0, 0, &Handle);
    ObDereferenceObject(Object);
    ObDereferenceObject(Object);
}

static void CloseBadKernelHandle(void *Context)
{
    (void)Context;
    ZwClose((HANDLE)0xffffffff80000ffcULL);
}

static void CloseKernelHandleTwice(void *Context)
{
    HANDLE Handle;

    (void)Context;
    ObpCreateHandle(NewObject(NULL), 0, OBJ_KERNEL_HANDLE, &Handle);
    ZwClose(Handle);
    ZwClose(Handle);
}

static void CloseProtectedKernelHandle(void *Context)
{
    OBJECT_HANDLE_FLAG_INFORMATION Flags = {FALSE, TRUE};
    HANDLE Handle;

    (void)Context;
    ObpCreateHandle(NewObject(NULL), 0, OBJ_KERNEL_HANDLE, &Handle);
    ZwSetInformationObject(Handle, ObjectHandleFlagInformation, &Flags, sizeof(Flags));
    ZwClose(Handle);
}

static void CloseAtDispatch(void *Context)
{
    KIRQL Irql;

    (void)Context;
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    ZwClose((HANDLE)4);
}

static void TestUnderflow(void **State)
{
    (void)State;
    expect_bugcheck(REFERENCE_BY_POINTER, BUGCHECK_ANY, Underflow, NULL);
    assert_int_equal(bugcheck_parameter(3), 2);
    assert_int_equal(bugcheck_parameter(4), -1);
}

static void TestResurrection(void **State)
{
    (void)State;
    expect_bugcheck(REFERENCE_BY_POINTER, BUGCHECK_ANY, Resurrection, NULL);
    assert_int_equal(bugcheck_parameter(3), 16);
}

static void TestDeletedWithHandle(void **State)
{
    (void)State;
    expect_bugcheck(REFERENCE_BY_POINTER, BUGCHECK_ANY, DeletedWithHandle, NULL);
    assert_int_equal(bugcheck_parameter(3), 3);
    assert_int_equal(bugcheck_parameter(4), 1);
}

static void TestKernelHandles(void **State)
{
    (void)State;
    expect_bugcheck(INVALID_KERNEL_HANDLE, 0xffffffff80000ffcULL, CloseBadKernelHandle, NULL);
    assert_int_equal(bugcheck_parameter(2), 1);
    expect_bugcheck(INVALID_KERNEL_HANDLE, BUGCHECK_ANY, CloseKernelHandleTwice, NULL);
    assert_int_equal(bugcheck_parameter(2), 1);
    expect_bugcheck(INVALID_KERNEL_HANDLE, BUGCHECK_ANY, CloseProtectedKernelHandle, NULL);
    assert_int_equal(bugcheck_parameter(2), 0);
}

static void TestIrql(void **State)
{
    (void)State;
    expect_bugcheck(IRQL_NOT_LESS_OR_EQUAL, BUGCHECK_ANY, CloseAtDispatch, NULL);
}

int main(void)
{
    const struct CMUnitTest Tests[] = {
        cmocka_unit_test(TestUnderflow),
        cmocka_unit_test(TestResurrection),
        cmocka_unit_test(TestDeletedWithHandle),
        cmocka_unit_test(TestKernelHandles),
        cmocka_unit_test(TestIrql),
    };
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
