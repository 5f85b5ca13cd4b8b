/* SPDX-License-Identifier: MIT */
/*
 * key.c - Key objects: the type, its parse method, \Registry.
 */
#include "ntio/cm/cmp.h"

POBJECT_TYPE CmpKeyType;
POBJECT_TYPE *CmKeyObjectType = &CmpKeyType;

static PVOID CmpRootKey; /* \Registry */

/* A key object for Node, whose reference it takes over also where it fails. */
static NTSTATUS CmpNewKey(PCM_NODE Node, POBJECT_ATTRIBUTES Attributes, PVOID *Object)
{
    NTSTATUS Status = ObpCreate(CmpKeyType, Attributes, sizeof(CM_KEY), Object);

    if (NT_SUCCESS(Status)) {
        ((PCM_KEY)*Object)->Node = Node;
    } else {
        KiLock(&CmpLock);
        CmpDereferenceNode(Node);
        KiUnlock(&CmpLock);
    }
    return Status;
}

static NTSTATUS CmpParse(PVOID ParseObject, POBJECT_TYPE Type, ACCESS_MASK DesiredAccess,
                         ULONG Attributes, PUNICODE_STRING CompleteName, PUNICODE_STRING Remaining,
                         PVOID Context, PVOID *Object)
{
    PCMP_OPEN_CONTEXT Open = Context;
    CMP_WALK Walk = {.Start = ((PCM_KEY)ParseObject)->Node, .Path = Remaining};
    NTSTATUS Status;
    PCM_NODE Node;

    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(CompleteName);
    if (Type != CmpKeyType)
        return STATUS_OBJECT_TYPE_MISMATCH;
    Walk.OpenLink = (Attributes & OBJ_OPENLINK) != 0;
    if (Open != NULL) {
        if ((Open->Options & (REG_OPTION_OPEN_LINK | REG_OPTION_CREATE_LINK)) != 0)
            Walk.OpenLink = TRUE;
        Walk.CreateLast = Open->Create;
        Walk.Volatile = (Open->Options & REG_OPTION_VOLATILE) != 0;
        Walk.Class = Open->Class;
    }
    KiLock(&CmpLock);
    Status = CmpWalk(&Walk, &Node);
    if (NT_SUCCESS(Status) && Open != NULL && (Open->Options & REG_OPTION_CREATE_LINK) != 0) {
        if (Walk.Created)
            Node->Link = TRUE;
        else /* a key, or another link, is in the way */
            Status = STATUS_OBJECT_NAME_COLLISION;
    }
    if (NT_SUCCESS(Status))
        CmpReferenceNode(Node);
    KiUnlock(&CmpLock);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Open != NULL)
        Open->Disposition = Walk.Created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    return CmpNewKey(Node, NULL, Object);
}

/* With its last handle a key object has nobody to be told of changes. */
static VOID CmpCloseKey(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess,
                        ULONG ProcessHandleCount, ULONG SystemHandleCount)
{
    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(GrantedAccess);
    UNREFERENCED_PARAMETER(ProcessHandleCount);
    if (SystemHandleCount != 1)
        return;
    KiLock(&CmpLock);
    CmpEndWatchesOf(Object, NULL);
    KiUnlock(&CmpLock);
}

static VOID CmpDeleteKeyObject(PVOID Object)
{
    PCM_KEY Key = Object;

    if (Key->Node == NULL) /* it failed half-way */
        return;
    KiLock(&CmpLock);
    CmpEndWatchesOf(Key, NULL);
    CmpDereferenceNode(Key->Node);
    KiUnlock(&CmpLock);
}

/* A key object has no name of its own in the namespace, but for \Registry. */
static NTSTATUS CmpQueryKeyName(PVOID Object, PUNICODE_STRING Name)
{
    UNICODE_STRING Path;
    NTSTATUS Status;

    memset(Name, 0, sizeof(*Name));
    if (Object == CmpRootKey)
        return STATUS_SUCCESS;
    KiLock(&CmpLock);
    Status = CmpPathOfNode(((PCM_KEY)Object)->Node, &Path);
    KiUnlock(&CmpLock);
    if (!NT_SUCCESS(Status))
        return Status;
    Name->Buffer = ExAllocatePool2(POOL_FLAG_PAGED, Path.Length, CMP_TAG);
    if (Name->Buffer != NULL) {
        memcpy(Name->Buffer, Path.Buffer, Path.Length);
        Name->Length = Name->MaximumLength = Path.Length;
    } else {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    free(Path.Buffer);
    return Status;
}

NTSTATUS CmpReferenceKey(HANDLE Handle, ACCESS_MASK Access, KPROCESSOR_MODE Mode, PCM_KEY *Key)
{
    PVOID Object = NULL;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, Access, CmpKeyType, Mode, &Object, NULL);

    *Key = Object;
    return Status;
}

NTSTATUS CmpInitializeKeys(VOID)
{
    static const OB_TYPE_INFO Info = {.Name = L"Key",
                                      .Parse = CmpParse,
                                      .Close = CmpCloseKey,
                                      .Delete = CmpDeleteKeyObject,
                                      .QueryName = CmpQueryKeyName};
    static const GENERIC_MAPPING Mapping = {KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS};
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\REGISTRY");
    OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    Status = ObpCreateTypeEx(&Info, &Mapping, &CmpKeyType);
    if (!NT_SUCCESS(Status))
        return Status;
    InitializeObjectAttributes(&Attributes, &Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    KiLock(&CmpLock);
    CmpReferenceNode(CmpRoot);
    KiUnlock(&CmpLock);
    Status = CmpNewKey(CmpRoot, &Attributes, &CmpRootKey);
    if (!NT_SUCCESS(Status)) {
        CmpRootKey = NULL;
        return Status;
    }
    return ObpInsert(CmpRootKey, 0, NULL);
}

VOID CmpShutdownKeys(VOID)
{
    PVOID Key = CmpRootKey;

    if (Key == NULL)
        return;
    ObpRemoveName(Key);
    CmpRootKey = NULL;
    ObfDereferenceObject(Key);
}
