/* SPDX-License-Identifier: MIT */
/*
 * reginfo.c - WMIREGINFO, as a driver (or WMILIB.SYS for it) fills it in, and the static names of
 * instances that come from it. Nothing in it is believed before it has been checked.
 */
#include "ntio/wmi/wmip.h"
#include "ntio/pnp/pnpp.h"

#define WMIP_NAME_CHARACTERS 512

/* How many instance numbers of a GUID have been given away. */
typedef struct _WMIP_COUNTER {
    struct _WMIP_COUNTER *Next;
    GUID Guid;
    ULONG Next_;
} WMIP_COUNTER, *PWMIP_COUNTER;
static PWMIP_COUNTER WmipCounters; /* WmipLock */

VOID WmipInitializeNames(VOID)
{
    WmipCounters = NULL;
}

VOID WmipForgetNames(VOID)
{
    while (WmipCounters != NULL) {
        PWMIP_COUNTER Next = WmipCounters->Next;

        ExFreePoolWithTag(WmipCounters, WMIP_TAG);
        WmipCounters = Next;
    }
}

NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID *Guid, ULONG InstanceCount, ULONG *FirstInstanceId)
{
    PWMIP_COUNTER New = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*New), WMIP_TAG), Counter;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KiLock(&WmipLock);
    for (Counter = WmipCounters; Counter != NULL; Counter = Counter->Next) {
        if (WmipSameGuid(&Counter->Guid, Guid))
            break;
    }
    if (Counter == NULL) {
        Counter = New;
        New = NULL;
        Counter->Guid = *Guid;
        Counter->Next_ = 0;
        Counter->Next = WmipCounters;
        WmipCounters = Counter;
    }
    *FirstInstanceId = Counter->Next_;
    Counter->Next_ += InstanceCount;
    KiUnlock(&WmipLock);
    if (New != NULL)
        ExFreePoolWithTag(New, WMIP_TAG);
    return STATUS_SUCCESS;
}

/* A counted string at Offset of Bytes; FALSE: it does not lie within. */
static BOOLEAN WmipCounted(const UCHAR *Base, ULONG Bytes, ULONG Offset, PUNICODE_STRING String)
{
    USHORT Length;

    if (Offset > Bytes || Bytes - Offset < sizeof(Length))
        return FALSE;
    memcpy(&Length, Base + Offset, sizeof(Length));
    if (Length % sizeof(WCHAR) != 0 || Bytes - Offset - sizeof(Length) < Length)
        return FALSE;
    String->Length = String->MaximumLength = Length;
    String->Buffer = (PWCH)(Base + Offset + sizeof(Length));
    return TRUE;
}

/* A block with room for its names, Characters in all. */
static PWMIP_BLOCK WmipMakeBlock(const WMIREGGUIDW *From, BOOLEAN Named, SIZE_T Characters)
{
    SIZE_T Names = Named ? From->InstanceCount * sizeof(UNICODE_STRING) : 0;
    PWMIP_BLOCK Block = ExAllocatePoolWithTag(
        NonPagedPoolNx, sizeof(*Block) + Names + Characters * sizeof(WCHAR), WMIP_TAG);

    if (Block == NULL)
        return NULL;
    memset(Block, 0, sizeof(*Block) + Names);
    Block->References = 1;
    Block->Guid = From->Guid;
    Block->Flags = From->Flags;
    Block->InstanceCount = From->InstanceCount;
    if (Named)
        Block->Names = (PUNICODE_STRING)(Block + 1);
    return Block;
}

static PWCH WmipNameStorage(PWMIP_BLOCK Block)
{
    return (PWCH)(Block->Names + Block->InstanceCount);
}

/* Base, Between and a running number for each instance. */
static NTSTATUS WmipNumberedNames(const WMIREGGUIDW *From, PCUNICODE_STRING Base,
                                  const WCHAR *Between, ULONG First, PWMIP_BLOCK *Block)
{
    SIZE_T Each = Base->Length / sizeof(WCHAR) + 1 + 11;
    PWCH At;
    ULONG i;

    if (Each > WMIP_NAME_CHARACTERS || From->InstanceCount > WMIP_LARGEST / (Each * sizeof(WCHAR)))
        return STATUS_INVALID_PARAMETER;
    *Block = WmipMakeBlock(From, TRUE, Each * From->InstanceCount);
    if (*Block == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    At = WmipNameStorage(*Block);
    for (i = 0; i < From->InstanceCount; i++, At += Each) {
        NtCrt__snwprintf(At, Each, L"%wZ%ws%u", Base, Between, (unsigned)(First + i));
        RtlInitUnicodeString(&(*Block)->Names[i], At);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WmipListedNames(const WMIREGGUIDW *From, const UCHAR *Base, ULONG Bytes,
                                PWMIP_BLOCK *Block)
{
    ULONG Offset = From->InstanceNameList, i;
    SIZE_T Characters = 0;
    UNICODE_STRING Name = {0};
    PWCH At;

    if (From->InstanceCount > Bytes / sizeof(USHORT))
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < From->InstanceCount; i++) {
        if (!WmipCounted(Base, Bytes, Offset, &Name))
            return STATUS_INVALID_PARAMETER;
        Characters += Name.Length / sizeof(WCHAR);
        Offset += (ULONG)sizeof(USHORT) + Name.Length;
    }
    *Block = WmipMakeBlock(From, TRUE, Characters);
    if (*Block == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    At = WmipNameStorage(*Block);
    for (Offset = From->InstanceNameList, i = 0; i < From->InstanceCount; i++) {
        (void)WmipCounted(Base, Bytes, Offset, &Name);
        memcpy(At, Name.Buffer, Name.Length);
        (*Block)->Names[i] = (UNICODE_STRING){Name.Length, Name.Length, At};
        At += Name.Length / sizeof(WCHAR);
        Offset += (ULONG)sizeof(USHORT) + Name.Length;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WmipPdoNames(const WMIREGGUIDW *From, PWMIP_BLOCK *Block)
{
    PDEVICE_OBJECT Physical = (PDEVICE_OBJECT)From->Pdo;
    PDEVICE_NODE Node = PnpNamedNode(Physical);
    UNICODE_STRING Path;
    NTSTATUS Status;

    if (Node == NULL)
        return STATUS_NO_SUCH_DEVICE;
    RtlInitUnicodeString(&Path, Node->InstancePath);
    Status = WmipNumberedNames(From, &Path, L"_", 0, Block);
    if (NT_SUCCESS(Status)) {
        ObReferenceObject(Physical);
        (*Block)->Physical = Physical;
    }
    PnpDereferenceNode(Node);
    return Status;
}

static NTSTATUS WmipParseGuid(const WMIREGGUIDW *From, const UCHAR *Base, ULONG Bytes,
                              PWMIP_BLOCK *Block)
{
    UNICODE_STRING Name;
    NTSTATUS Status;
    ULONG First;
    GUID Guid = From->Guid;

    if ((From->Flags & WMIREG_FLAG_REMOVE_GUID) == 0) {
        if ((From->Flags & WMIREG_FLAG_INSTANCE_PDO) != 0)
            return WmipPdoNames(From, Block);
        if ((From->Flags & WMIREG_FLAG_INSTANCE_LIST) != 0)
            return WmipListedNames(From, Base, Bytes, Block);
        if ((From->Flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0) {
            if (!WmipCounted(Base, Bytes, From->BaseNameOffset, &Name))
                return STATUS_INVALID_PARAMETER;
            Status = IoWMIAllocateInstanceIds(&Guid, From->InstanceCount, &First);
            return NT_SUCCESS(Status) ? WmipNumberedNames(From, &Name, L"", First, Block) : Status;
        }
    }
    *Block = WmipMakeBlock(From, FALSE, 0);
    return *Block != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* The references that come with IRP_MN_REGINFO_EX. */
static VOID WmipDropPdos(const WMIREGINFOW *One)
{
    ULONG i;

    for (i = 0; i < One->GuidCount; i++) {
        if ((One->WmiRegGuid[i].Flags & WMIREG_FLAG_INSTANCE_PDO) != 0 &&
            One->WmiRegGuid[i].Pdo != 0)
            ObDereferenceObject((PVOID)One->WmiRegGuid[i].Pdo);
    }
}

static NTSTATUS WmipParseOne(const WMIREGINFOW *One, ULONG Bytes, BOOLEAN Referenced,
                             PLIST_ENTRY Blocks)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PWMIP_BLOCK Block;
    ULONG i;

    if (Bytes < FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) || One->GuidCount > WMIP_MAXIMUM_GUIDS ||
        (Bytes - FIELD_OFFSET(WMIREGINFOW, WmiRegGuid)) / sizeof(WMIREGGUIDW) < One->GuidCount)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < One->GuidCount && NT_SUCCESS(Status); i++) {
        Status = WmipParseGuid(&One->WmiRegGuid[i], (const UCHAR *)One, Bytes, &Block);
        if (NT_SUCCESS(Status))
            InsertTailList(Blocks, &Block->Link);
    }
    if (Referenced)
        WmipDropPdos(One);
    return Status;
}

NTSTATUS WmipParse(const WMIREGINFOW *Information, ULONG Bytes, BOOLEAN Referenced,
                   PLIST_ENTRY Blocks)
{
    const WMIREGINFOW *One = Information;
    NTSTATUS Status, First = STATUS_SUCCESS;
    ULONG Next;

    /* To the end, whatever happens: the references that are given have to be dropped. */
    for (;;) {
        Status = WmipParseOne(One, Bytes, Referenced, Blocks);
        if (NT_SUCCESS(First))
            First = Status;
        if (Bytes < FIELD_OFFSET(WMIREGINFOW, WmiRegGuid))
            return First;
        Next = One->NextWmiRegInfo;
        if (Next == 0)
            return First;
        if (Next < FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) || Next > Bytes || Next % 8 != 0)
            return STATUS_INVALID_PARAMETER;
        Bytes -= Next;
        One = (const WMIREGINFOW *)((const UCHAR *)One + Next);
    }
}
