// SPDX-License-Identifier: MIT
// cpp.cpp - a driver in C++: classes with memory of their own, virtual functions, templates.
extern "C" {
#include <ntddk.h>
}
#include "shared.h"

extern "C" DRIVER_INITIALIZE DriverEntry;
extern "C" DRIVER_UNLOAD CppUnload;
extern "C" DRIVER_DISPATCH CppCreateClose;
extern "C" DRIVER_DISPATCH CppControl;

static const ULONG PoolTag = 'ppCN';

void *__cdecl operator new(size_t Size, POOL_FLAGS Flags)
{
    return ExAllocatePool2(Flags, Size, PoolTag);
}

void __cdecl operator delete(void *Memory)
{
    if (Memory != nullptr)
        ExFreePoolWithTag(Memory, PoolTag);
}

void __cdecl operator delete(void *Memory, size_t)
{
    operator delete(Memory);
}

namespace
{

volatile LONG Destroyed;

// Takes numbers one by one.
class Fold
{
  public:
    Fold() = default;
    Fold(const Fold &) = delete;
    Fold &operator=(const Fold &) = delete;
    virtual ~Fold()
    {
        InterlockedIncrement(&Destroyed);
    }
    virtual void Take(ULONG Number) = 0;
    ULONG Result() const
    {
        return m_Result;
    }

  protected:
    ULONG m_Result = 0;
};

class Sum final : public Fold
{
  public:
    void Take(ULONG Number) override
    {
        m_Result += Number;
    }
};

class Largest final : public Fold
{
  public:
    void Take(ULONG Number) override
    {
        if (Number > m_Result)
            m_Result = Number;
    }
};

// Frees what it holds when it goes out of scope.
template <typename T> class Holder
{
  public:
    explicit Holder(T *Held) : m_Held(Held)
    {
    }
    ~Holder()
    {
        delete m_Held;
    }
    Holder(const Holder &) = delete;
    Holder &operator=(const Holder &) = delete;
    T *operator->() const
    {
        return m_Held;
    }
    explicit operator bool() const
    {
        return m_Held != nullptr;
    }

  private:
    T *m_Held;
};

template <typename T>
_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS
    Run(_In_reads_(Count) const ULONG *Numbers, _In_ size_t Count, _Out_ PULONG Result)
{
    Holder<Fold> fold(new (POOL_FLAG_NON_PAGED) T);

    if (!fold)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < Count; i++)
        fold->Take(Numbers[i]);
    *Result = fold->Result();
    return STATUS_SUCCESS;
}

NTSTATUS Complete(_In_ PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

} // namespace

_Use_decl_annotations_ NTSTATUS CppCreateClose(PDEVICE_OBJECT, PIRP Irp)
{
    return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS CppControl(PDEVICE_OBJECT, PIRP Irp)
{
    auto *stack = IoGetCurrentIrpStackLocation(Irp);
    auto *numbers = static_cast<const ULONG *>(Irp->AssociatedIrp.SystemBuffer);
    size_t count = stack->Parameters.DeviceIoControl.InputBufferLength / sizeof(ULONG);
    CPP_ANSWER answer = {};

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_CPP_FOLD)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(answer))
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    NTSTATUS status = Run<Sum>(numbers, count, &answer.Sum);
    if (NT_SUCCESS(status))
        status = Run<Largest>(numbers, count, &answer.Largest);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    answer.Destroyed = static_cast<ULONG>(Destroyed);
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &answer, sizeof(answer));
    return Complete(Irp, STATUS_SUCCESS, sizeof(answer));
}

_Use_decl_annotations_ VOID CppUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\CompileCpp");

    PAGED_CODE();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\CompileCpp");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\CompileCpp");
    PDEVICE_OBJECT device;

    NTSTATUS status = IoCreateDevice(DriverObject, 0, &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CppCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CppCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CppControl;
    DriverObject->DriverUnload = CppUnload;
    return STATUS_SUCCESS;
}
