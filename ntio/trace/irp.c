/* SPDX-License-Identifier: MIT */
/* irp.c - what io's trace callout says, as the host's struct ntio_irp_event. */
#include "ntio/trace/trace.h"

#include <time.h>

static TRACE_LISTENER TracepIrpListener;

/* \Driver\Name without \Driver\, as UTF-8 enough for a service's name: what is not ASCII shows as
 * '?'. */
static VOID TracepDriverName(PDEVICE_OBJECT Device, char *Name, size_t Size)
{
    Name[0] = '\0';
    if (Device == NULL || Device->DriverObject == NULL)
        return;
    PUNICODE_STRING Full = &Device->DriverObject->DriverName;
    ULONG Characters = Full->Length / sizeof(WCHAR), Start = 0;
    for (ULONG i = 0; i < Characters; i++) {
        if (Full->Buffer[i] == L'\\')
            Start = i + 1;
    }
    size_t Length = 0;
    for (ULONG i = Start; i < Characters && Length + 1 < Size; i++)
        Name[Length++] = Full->Buffer[i] < 0x80 ? (char)Full->Buffer[i] : '?';
    Name[Length] = '\0';
}

/*
 * Stack is NULL where the IRP may belong to somebody else by now (after a dispatch routine has
 * returned): then the IRP is only a number, and nothing is read through it.
 */
static VOID TracepIrp(IOP_TRACE_EVENT Event, PDEVICE_OBJECT Device, PIRP Irp,
                      PIO_STACK_LOCATION Stack, NTSTATUS Status)
{
    VOID (*Routine)(VOID);
    PVOID Context;
    if (!TraceEnterListener(&TracepIrpListener, &Routine, &Context))
        return;
    char Driver[64];
    TracepDriverName(Device, Driver, sizeof(Driver));
    struct timespec Now;
    clock_gettime(CLOCK_MONOTONIC, &Now);
    ntio_irp_event Said = {.irp = Irp,
                           .device = Device,
                           .driver = Driver,
                           .status = Status,
                           .time_ns = (uint64_t)Now.tv_sec * 1000000000u + (uint64_t)Now.tv_nsec};
    switch (Event) {
    case IopTraceCall:
        Said.step = NTIO_IRP_CALL;
        break;
    case IopTraceReturn:
        Said.step = NTIO_IRP_RETURN;
        break;
    case IopTraceComplete:
        Said.step = NTIO_IRP_COMPLETE;
        break;
    case IopTraceCompletionRoutine:
        Said.step = NTIO_IRP_COMPLETION_ROUTINE;
        break;
    case IopTraceFree:
        Said.step = NTIO_IRP_FREE;
        break;
    }
    if (Stack != NULL && Event != IopTraceReturn) {
        Said.major = Stack->MajorFunction;
        Said.minor = Stack->MinorFunction;
        if (Stack->MajorFunction == IRP_MJ_DEVICE_CONTROL ||
            Stack->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
            Said.io_control_code = Stack->Parameters.DeviceIoControl.IoControlCode;
    }
    if (Event == IopTraceComplete || Event == IopTraceCompletionRoutine)
        Said.information = Irp->IoStatus.Information;
    ((void (*)(const ntio_irp_event *, void *))Routine)(&Said, Context);
    TraceLeaveListener(&TracepIrpListener);
}

void ntio_set_irp_trace(void (*each)(const ntio_irp_event *event, void *context), void *context)
{
    if (each == NULL)
        atomic_store_explicit(&IopTraceCallout, NULL, memory_order_release);
    TraceSetListener(&TracepIrpListener, (VOID(*)(VOID))each, context);
    if (each != NULL)
        atomic_store_explicit(&IopTraceCallout, TracepIrp, memory_order_release);
}

NTSTATUS TraceInitialize(VOID)
{
    return STATUS_SUCCESS;
}

VOID TraceShutdown(VOID)
{
    ntio_set_irp_trace(NULL, NULL);
}
