/* SPDX-License-Identifier: MIT */
/* errorlog.c - the error log: an entry becomes one line of debug output. */
#include "ntio/io/iop.h"

#define IOP_TAG_LOG 'rEoI'

typedef struct _IOP_LOG_ENTRY {
    PVOID IoObject; /* referenced: a device or a driver */
    ULONG Size;
    IO_ERROR_LOG_PACKET Packet;
} IOP_LOG_ENTRY, *PIOP_LOG_ENTRY;

static _Atomic LONG IopLogSequence;

PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    PIOP_LOG_ENTRY Entry;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (IoObject == NULL || EntrySize < sizeof(IO_ERROR_LOG_PACKET) ||
        EntrySize > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    Entry = ExAllocatePoolWithTag(NonPagedPool, FIELD_OFFSET(IOP_LOG_ENTRY, Packet) + EntrySize,
                                  IOP_TAG_LOG);
    if (Entry == NULL)
        return NULL;
    memset(Entry, 0, FIELD_OFFSET(IOP_LOG_ENTRY, Packet) + EntrySize);
    ObReferenceObject(IoObject);
    Entry->IoObject = IoObject;
    Entry->Size = EntrySize;
    return &Entry->Packet;
}

VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry)
{
    PIOP_LOG_ENTRY Entry = CONTAINING_RECORD(ElEntry, IOP_LOG_ENTRY, Packet);

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    ObDereferenceObject(Entry->IoObject);
    ExFreePoolWithTag(Entry, IOP_TAG_LOG);
}

VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry)
{
    PIOP_LOG_ENTRY Entry = CONTAINING_RECORD(ElEntry, IOP_LOG_ENTRY, Packet);
    PIO_ERROR_LOG_PACKET Packet = &Entry->Packet;
    PDRIVER_OBJECT Driver = *(PCSHORT)Entry->IoObject == IO_TYPE_DEVICE
                                ? ((PDEVICE_OBJECT)Entry->IoObject)->DriverObject
                                : (PDRIVER_OBJECT)Entry->IoObject;
    ULONG DumpBytes = Packet->DumpDataSize;
    char Name[96], Dump[9 * 48 + 1] = "";

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (DumpBytes > Entry->Size - FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData))
        DumpBytes = Entry->Size - FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData);
    for (ULONG i = 0; i < DumpBytes / sizeof(ULONG); i++)
        snprintf(Dump + i * 9, 10, " %08x", (unsigned)Packet->DumpData[i]);
    IopNarrow(&Driver->DriverName, Name, sizeof(Name));
    DbgPrint("error log %d: %s: code %08x, final status %08x, value %08x, major %02x, control code "
             "%08x, "
             "retries %u, dump%s\n",
             (int)(atomic_fetch_add(&IopLogSequence, 1) + 1), Name, (unsigned)Packet->ErrorCode,
             (unsigned)Packet->FinalStatus, (unsigned)Packet->UniqueErrorValue,
             Packet->MajorFunctionCode, (unsigned)Packet->IoControlCode, Packet->RetryCount,
             Dump[0] != '\0' ? Dump : " none");
    IoFreeErrorLogEntry(ElEntry);
}
