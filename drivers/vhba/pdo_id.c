/* SPDX-License-Identifier: MIT */
/*
 * pdo_id.c - a LUN's IDs and texts, as Windows' ports form them. Source: MS docs, "Identifiers for
 * SCSI devices".
 */
#include "vhba.h"

#define ID_CHARACTERS 400

/* Strings are appended one after the other, each with its zero. Enough room is the caller's affair:
 * all parts are bounded. */
typedef struct _ID_TEXT {
    WCHAR Buffer[ID_CHARACTERS];
    ULONG Length;
} ID_TEXT;

static VOID Add(ID_TEXT *Text, const CHAR *Part)
{
    for (; *Part != 0; Part++) {
        NT_ASSERT(Text->Length < ID_CHARACTERS);
        Text->Buffer[Text->Length++] = (WCHAR)(UCHAR)*Part;
    }
}

/* What an ID can't hold becomes '_'. Width 0: as long as it is; else filled up with '_'. */
static VOID AddField(ID_TEXT *Text, const CHAR *Field, ULONG Width)
{
    ULONG i;

    for (i = 0; Field[i] != 0 && (Width == 0 || i < Width); i++) {
        CHAR One[2] = {Field[i] <= ' ' || Field[i] > 0x7E || Field[i] == ',' ? '_' : Field[i], 0};
        Add(Text, One);
    }
    for (; i < Width; i++)
        Add(Text, "_");
}

static VOID AddNumber(ID_TEXT *Text, ULONG Number, ULONG Base, ULONG Digits)
{
    CHAR Reverse[12];
    ULONG Count = 0;

    while (Number != 0 || Count < Digits) {
        Reverse[Count++] = "0123456789abcdef"[Number % Base];
        Number /= Base;
    }
    while (Count != 0) {
        CHAR One[2] = {Reverse[--Count], 0};
        Add(Text, One);
    }
}

static VOID EndString(ID_TEXT *Text)
{
    Text->Buffer[Text->Length++] = 0;
}

static NTSTATUS Return(const ID_TEXT *Text, PIRP Irp)
{
    PWCHAR Copy = ExAllocatePoolWithTag(PagedPool, Text->Length * sizeof(WCHAR), VHBA_TAG);

    if (Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(Copy, Text->Buffer, Text->Length * sizeof(WCHAR));
    Irp->IoStatus.Information = (ULONG_PTR)Copy;
    return STATUS_SUCCESS;
}

static VOID HardwareIds(PVHBA_LUN Lun, ID_TEXT *Text)
{
    BOOLEAN Disk = Lun->Type == VHBA_TYPE_DISK;

    /* The most exact first; the last is what drivers for any drive of the kind match. */
    for (ULONG Parts = 3; Parts != 0; Parts--) {
        Add(Text, Disk ? "SCSI\\Disk" : "SCSI\\CdRom");
        AddField(Text, Lun->Vendor, 8);
        if (Parts > 1)
            AddField(Text, Lun->Product, 16);
        if (Parts > 2)
            AddField(Text, Lun->Revision, 4);
        EndString(Text);
    }
    for (ULONG Bus = 1; Bus != (ULONG)-1; Bus--) {
        if (Bus)
            Add(Text, "SCSI\\");
        AddField(Text, Lun->Vendor, 8);
        AddField(Text, Lun->Product, 16);
        AddField(Text, Lun->Revision, 1);
        EndString(Text);
    }
    Add(Text, Disk ? "GenDisk" : "GenCdRom");
    EndString(Text);
    EndString(Text);
}

NTSTATUS VhbaQueryId(PVHBA_LUN Lun, PIRP Irp)
{
    BOOLEAN Disk = Lun->Type == VHBA_TYPE_DISK;
    ID_TEXT Text = {.Length = 0};

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        Add(&Text, Disk ? "SCSI\\Disk&Ven_" : "SCSI\\CdRom&Ven_");
        AddField(&Text, Lun->Vendor, 0);
        Add(&Text, "&Prod_");
        AddField(&Text, Lun->Product, 0);
        EndString(&Text);
        break;
    case BusQueryHardwareIDs:
        HardwareIds(Lun, &Text);
        break;
    case BusQueryCompatibleIDs:
        Add(&Text, Disk ? "SCSI\\Disk" : "SCSI\\CdRom");
        EndString(&Text);
        Add(&Text, "SCSI\\RAW");
        EndString(&Text);
        EndString(&Text);
        break;
    case BusQueryInstanceID: /* bus, target, LUN */
        AddNumber(&Text, 0, 16, 2);
        AddNumber(&Text, Lun->Number, 16, 2);
        AddNumber(&Text, 0, 16, 2);
        EndString(&Text);
        break;
    default: /* serial number and container: not given */
        return Irp->IoStatus.Status;
    }
    return Return(&Text, Irp);
}

NTSTATUS VhbaQueryText(PVHBA_LUN Lun, PIRP Irp)
{
    ID_TEXT Text = {.Length = 0};

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.QueryDeviceText.DeviceTextType) {
    case DeviceTextDescription:
        Add(&Text, Lun->Vendor);
        Add(&Text, " ");
        Add(&Text, Lun->Product);
        Add(&Text, Lun->Type == VHBA_TYPE_DISK ? " SCSI Disk Device" : " SCSI CdRom Device");
        break;
    case DeviceTextLocationInformation:
        Add(&Text, "Bus Number 0, Target Id ");
        AddNumber(&Text, Lun->Number, 10, 1);
        Add(&Text, ", LUN 0");
        break;
    default:
        return Irp->IoStatus.Status;
    }
    EndString(&Text);
    return Return(&Text, Irp);
}
