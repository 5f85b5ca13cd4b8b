/* SPDX-License-Identifier: MIT */
/* Work on ranges without data: IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES (trim, by UNMAP, SBC-3
 * 5.28) and IOCTL_DISK_VERIFY. */
#include "disk.h"

#define MOST_RANGES   64u     /* in one UNMAP */
#define VERIFY_BLOCKS 0xFFFFu /* in one VERIFY(10) */

typedef struct _TRIM_STATE {
    PDISK_DEVICE Device;
    PUCHAR List; /* non-paged: the parameter list */
    ULONG Ranges, MostRanges;
    ULONG64 Blocks, MostBlocks; /* in this list */
} TRIM_STATE;

static NTSTATUS SendList(TRIM_STATE *State)
{
    ULONG Length = 8 + State->Ranges * 16;
    CLASS_COMMAND Command = {
        .Cdb = {SCSIOP_UNMAP, 0, 0, 0, 0, 0, 0, (UCHAR)(Length >> 8), (UCHAR)Length},
        .CdbLength = 10,
        .DataOut = TRUE,
        .TimeOut = CLASS_LOAD_TIMEOUT,
        .Buffer = State->List,
        .Length = Length};

    if (State->Ranges == 0)
        return STATUS_SUCCESS;
    State->List[0] = (UCHAR)((Length - 2) >> 8);
    State->List[1] = (UCHAR)(Length - 2);
    State->List[2] = (UCHAR)((Length - 8) >> 8);
    State->List[3] = (UCHAR)(Length - 8);
    State->Ranges = 0;
    State->Blocks = 0;
    return ClassSendCommand(&State->Device->Class, &Command);
}

static NTSTATUS AddRange(TRIM_STATE *State, ULONG64 Lba, ULONG64 Count)
{
    while (Count != 0) {
        ULONG64 Now =
            State->MostBlocks - State->Blocks < Count ? State->MostBlocks - State->Blocks : Count;
        PUCHAR At = State->List + 8 + State->Ranges * 16;

        if (State->Ranges == State->MostRanges || Now == 0) {
            NTSTATUS Status = SendList(State);
            if (!NT_SUCCESS(Status))
                return Status;
            continue;
        }
        ClassPutBe32(At, (ULONG)(Lba >> 32));
        ClassPutBe32(At + 4, (ULONG)Lba);
        ClassPutBe32(At + 8, (ULONG)Now);
        ClassPutBe32(At + 12, 0);
        State->Ranges++;
        State->Blocks += Now;
        Lba += Now;
        Count -= Now;
    }
    return STATUS_SUCCESS;
}

/* What the device takes at a time; STATUS_NOT_SUPPORTED: it gives nothing back. */
static NTSTATUS AskLimits(TRIM_STATE *State)
{
    NTSTATUS Status = DiskVitalPage(State->Device, 0xB2, State->List, 64);

    if (NT_SUCCESS(Status) && !(State->List[5] & 0x80)) /* LBPU */
        Status = STATUS_NOT_SUPPORTED;
    if (NT_SUCCESS(Status))
        Status = DiskVitalPage(State->Device, 0xB0, State->List, 64);
    if (!NT_SUCCESS(Status))
        return Status;
    State->MostBlocks = ClassBe32(State->List + 20);
    State->MostRanges = ClassBe32(State->List + 24);
    if (State->MostRanges > MOST_RANGES)
        State->MostRanges = MOST_RANGES;
    RtlZeroMemory(State->List, 8);
    return State->MostBlocks != 0 && State->MostRanges != 0 ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

/* The range as blocks: whole ones, on the disk. */
static NTSTATUS CheckRange(ULONG64 Offset, ULONG64 Length, ULONG64 Blocks, ULONG BlockSize)
{
    return Offset % BlockSize == 0 && Length % BlockSize == 0 && Offset / BlockSize <= Blocks &&
                   Length / BlockSize <= Blocks - Offset / BlockSize
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

static NTSTATUS Trim(PDISK_IOCTL Ioctl, const DEVICE_DATA_SET_RANGE *Ranges, ULONG Count,
                     BOOLEAN Entire)
{
    TRIM_STATE State = {.Device = Ioctl->Device};
    ULONG64 Blocks;
    ULONG BlockSize;
    NTSTATUS Status = ClassGetCapacity(&Ioctl->Device->Class, &Blocks, &BlockSize);

    /* All of it is looked at before anything is given away. */
    for (ULONG Index = 0; Index < Count && NT_SUCCESS(Status); Index++)
        Status = CheckRange((ULONG64)Ranges[Index].StartingOffset, Ranges[Index].LengthInBytes,
                            Blocks, BlockSize);
    if (!NT_SUCCESS(Status))
        return Status;
    State.List = ExAllocatePoolWithTag(NonPagedPoolNx, 8 + MOST_RANGES * 16, DISK_TAG);
    if (State.List == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = AskLimits(&State);
    if (NT_SUCCESS(Status) && Entire)
        Status = AddRange(&State, 0, Blocks);
    for (ULONG Index = 0; Index < Count && NT_SUCCESS(Status); Index++)
        Status = AddRange(&State, (ULONG64)Ranges[Index].StartingOffset / BlockSize,
                          Ranges[Index].LengthInBytes / BlockSize);
    if (NT_SUCCESS(Status))
        Status = SendList(&State);
    ExFreePoolWithTag(State.List, DISK_TAG);
    return Status;
}

NTSTATUS DiskManageDataSet(PDISK_IOCTL Ioctl)
{
    const DEVICE_MANAGE_DATA_SET_ATTRIBUTES *Set = Ioctl->Buffer;
    BOOLEAN Entire;

    if (Ioctl->Input < sizeof(*Set) || Set->Size < sizeof(*Set))
        return STATUS_INVALID_PARAMETER;
    if (Set->Action != DeviceDsmAction_Trim)
        return STATUS_NOT_SUPPORTED;
    Entire = (Set->Flags & DEVICE_DSM_FLAG_ENTIRE_DATA_SET_RANGE) != 0;
    if (Entire != (Set->DataSetRangesLength == 0) || Set->DataSetRangesOffset > Ioctl->Input ||
        Set->DataSetRangesLength > Ioctl->Input - Set->DataSetRangesOffset ||
        Set->DataSetRangesOffset % sizeof(ULONG64) != 0 ||
        Set->DataSetRangesLength % sizeof(DEVICE_DATA_SET_RANGE) != 0)
        return STATUS_INVALID_PARAMETER;
    return Trim(Ioctl,
                (const DEVICE_DATA_SET_RANGE *)((const UCHAR *)Set + Set->DataSetRangesOffset),
                Set->DataSetRangesLength / sizeof(DEVICE_DATA_SET_RANGE), Entire);
}

/* The device reads what lies there and says whether it can. */
NTSTATUS DiskVerify(PDISK_IOCTL Ioctl)
{
    const VERIFY_INFORMATION *Info = Ioctl->Buffer;
    ULONG64 Blocks;
    ULONG64 Lba;
    ULONG BlockSize;
    ULONG Left;
    NTSTATUS Status;

    if (Ioctl->Input < sizeof(*Info))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = ClassGetCapacity(&Ioctl->Device->Class, &Blocks, &BlockSize);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Info->StartingOffset.QuadPart < 0)
        return STATUS_INVALID_PARAMETER;
    Status = CheckRange((ULONG64)Info->StartingOffset.QuadPart, Info->Length, Blocks, BlockSize);
    Lba = (ULONG64)Info->StartingOffset.QuadPart / BlockSize;
    for (Left = Info->Length / BlockSize; Left != 0 && NT_SUCCESS(Status);) {
        CLASS_COMMAND Command = {.CdbLength = 10, .TimeOut = CLASS_LOAD_TIMEOUT};
        ULONG Now = Left < VERIFY_BLOCKS ? Left : VERIFY_BLOCKS;

        if (Lba + Now > 0x100000000) {
            Command.CdbLength = 16;
            Command.Cdb[0] = SCSIOP_VERIFY16;
            ClassPutBe32(Command.Cdb + 2, (ULONG)(Lba >> 32));
            ClassPutBe32(Command.Cdb + 6, (ULONG)Lba);
            ClassPutBe32(Command.Cdb + 10, Now);
        } else {
            Command.Cdb[0] = SCSIOP_VERIFY;
            ClassPutBe32(Command.Cdb + 2, (ULONG)Lba);
            Command.Cdb[7] = (UCHAR)(Now >> 8);
            Command.Cdb[8] = (UCHAR)Now;
        }
        Status = ClassSendCommand(&Ioctl->Device->Class, &Command);
        Lba += Now;
        Left -= Now;
    }
    return Status;
}
