/* SPDX-License-Identifier: MIT */
/*
 * What an IRP costs: allocated, sent through a stack of 1 and of 3 devices whose upper layers set a
 * completion routine, completed by the lowest at once, freed. Prints nanoseconds for one IRP, the
 * best of several rounds.
 */
#include "ntio/io/io.h"
#include "ntio.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 7
#define IRPS   400000u

typedef struct _LAYER {
    PDEVICE_OBJECT Lower; /* NULL: the lowest */
} LAYER, *PLAYER;

static NTSTATUS NTAPI LayerDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI LayerDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PLAYER Layer = Device->DeviceExtension;

    if (Layer->Lower == NULL) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, LayerDone, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(Layer->Lower, Irp);
}

static VOID NTAPI LayerUnload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
}

static NTSTATUS NTAPI LayerEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    Driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = LayerDispatch;
    Driver->DriverUnload = LayerUnload;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI SenderDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static double Measure(PDEVICE_OBJECT Top)
{
    double Best = 1e18;

    for (int Round = 0; Round < ROUNDS; Round++) {
        struct timespec Begin, End;
        double Elapsed;

        clock_gettime(CLOCK_MONOTONIC, &Begin);
        for (ULONG Index = 0; Index < IRPS; Index++) {
            PIRP Irp = IoAllocateIrp(Top->StackSize, FALSE);

            if (Irp == NULL)
                abort();
            IoGetNextIrpStackLocation(Irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
            IoSetCompletionRoutine(Irp, SenderDone, NULL, TRUE, TRUE, TRUE);
            IoCallDriver(Top, Irp);
        }
        clock_gettime(CLOCK_MONOTONIC, &End);
        Elapsed =
            ((double)(End.tv_sec - Begin.tv_sec) * 1e9 + (double)(End.tv_nsec - Begin.tv_nsec)) /
            IRPS;
        if (Elapsed < Best)
            Best = Elapsed;
    }
    return Best;
}

int main(void)
{
    IOP_DRIVER_IMAGE Image = {.Entry = LayerEntry};
    PDRIVER_OBJECT Driver;
    PDEVICE_OBJECT Devices[3];
    ntio_config Config = {.process_name = "bench"};

    if (ntio_boot(&Config) < 0 || !NT_SUCCESS(IopCreateDriver(L"benchlayer", &Image, &Driver)))
        return 1;
    for (int Index = 0; Index < 3; Index++) {
        PLAYER Layer;

        if (!NT_SUCCESS(IoCreateDevice(Driver, sizeof(LAYER), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE,
                                       &Devices[Index])))
            return 1;
        Layer = Devices[Index]->DeviceExtension;
        if (Index > 0)
            Layer->Lower = IoAttachDeviceToDeviceStack(Devices[Index], Devices[Index - 1]);
        Devices[Index]->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
        if (Index == 0)
            printf("irp through 1 layer   %7.1f ns\n", Measure(Devices[0]));
    }
    printf("irp through 3 layers  %7.1f ns\n", Measure(Devices[2]));
    for (int Index = 2; Index >= 0; Index--) {
        PLAYER Layer = Devices[Index]->DeviceExtension;

        if (Layer->Lower != NULL)
            IoDetachDevice(Layer->Lower);
        IoDeleteDevice(Devices[Index]);
    }
    IopUnloadDriver(Driver);
    return ntio_shutdown() != 0;
}
