/* SPDX-License-Identifier: MIT */
/*
 * interface.c - device interfaces: names under which programs find devices of a class.
 *
 * An interface is registered once for a device, class and reference string, and stays so when the
 * device goes (its key is Control\DeviceClasses\{class}\##?#device#{class}\#reference). Enabled,
 * its link \??\device#{class} leads to the PDO's name; interfaces that differ in the reference
 * string share the link, and the driver gets the string as the file's name. Owner is the node whose
 * drivers may switch it now.
 *
 * PnppMutex guards the list. Held over calls into ob and cm, never over a driver's code.
 */
#include "ntio/pnp/pnpp.h"

typedef struct _PNP_INTERFACE {
    LIST_ENTRY Link;
    GUID Class;
    WCHAR *InstancePath;
    WCHAR *Reference;    /* or NULL */
    UNICODE_STRING Name; /* what drivers are given; terminated */
    USHORT LinkBytes;    /* of Name: the link itself, without the reference string */
    PDEVICE_NODE Owner;  /* not referenced: cleared when the node leaves the tree */
    BOOLEAN Enabled;
} PNP_INTERFACE;

static KGUARDED_MUTEX PnppMutex;
static LIST_ENTRY PnppInterfaces;
static PDEVICE_NODE PnppRemoving; /* the worker's */

VOID PnpInitializeInterfaces(VOID)
{
    KeInitializeGuardedMutex(&PnppMutex);
    InitializeListHead(&PnppInterfaces);
    PnppRemoving = NULL;
}

static VOID PnppFreeInterface(PNP_INTERFACE *Interface)
{
    PnpFree(Interface->InstancePath);
    PnpFree(Interface->Reference);
    PnpFree(Interface->Name.Buffer);
    ExFreePool(Interface);
}

VOID PnpDeleteInterfaces(VOID)
{
    while (!IsListEmpty(&PnppInterfaces))
        PnppFreeInterface(CONTAINING_RECORD(RemoveHeadList(&PnppInterfaces), PNP_INTERFACE, Link));
}

VOID PnpSetRemoving(PDEVICE_NODE Node)
{
    PnppRemoving = Node;
}

#define PnppEach(i)                                                                                \
    for (PLIST_ENTRY Link_ = PnppInterfaces.Flink;                                                 \
         Link_ != &PnppInterfaces && ((i) = CONTAINING_RECORD(Link_, PNP_INTERFACE, Link), TRUE);  \
         Link_ = Link_->Flink)

static PNP_INTERFACE *PnppFindName(PCUNICODE_STRING Name)
{
    PNP_INTERFACE *Interface;

    PnppEach(Interface)
    {
        if (RtlEqualUnicodeString(&Interface->Name, Name, TRUE))
            return Interface;
    }
    return NULL;
}

static BOOLEAN PnppSameReference(const WCHAR *A, const WCHAR *B)
{
    return A == NULL ? B == NULL : PnpSameString(A, B);
}

static PNP_INTERFACE *PnppFind(const GUID *Class, const WCHAR *InstancePath, const WCHAR *Reference)
{
    PNP_INTERFACE *Interface;

    PnppEach(Interface)
    {
        if (PnpSameGuid(&Interface->Class, Class) &&
            PnpSameString(Interface->InstancePath, InstancePath) &&
            PnppSameReference(Interface->Reference, Reference))
            return Interface;
    }
    return NULL;
}

/* \??\device#{class}[\reference] */
static NTSTATUS PnppMakeName(PNP_INTERFACE *Interface)
{
    WCHAR Guid[PNP_GUID_CHARACTERS];
    SIZE_T Prefix = 4, Path = NtCrt_wcslen(Interface->InstancePath);
    SIZE_T Reference = Interface->Reference != NULL ? NtCrt_wcslen(Interface->Reference) + 1 : 0;
    SIZE_T Characters = Prefix + Path + PNP_GUID_CHARACTERS + Reference + 1;
    WCHAR *Name, *At;

    if (Characters * sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    Name = ExAllocatePoolWithTag(PagedPool, Characters * sizeof(WCHAR), PNP_TAG);
    if (Name == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PnpGuidString(&Interface->Class, Guid);
    (void)PnpJoin(Name, (ULONG)Characters, L"\\??\\", Interface->InstancePath, L"#", Guid, NULL);
    for (At = Name + Prefix; *At != 0; At++) {
        if (*At == L'\\')
            *At = L'#';
    }
    Interface->LinkBytes = (USHORT)((At - Name) * sizeof(WCHAR));
    if (Reference != 0)
        (void)PnpJoin(At, (ULONG)(Characters - (SIZE_T)(At - Name)), L"\\", Interface->Reference,
                      NULL);
    RtlInitUnicodeString(&Interface->Name, Name);
    return STATUS_SUCCESS;
}

/* Key of the interface's registration; Below may be NULL. */
static BOOLEAN PnppKeyPath(const PNP_INTERFACE *Interface, const WCHAR *Below,
                           WCHAR Path[PNP_PATH_CHARACTERS])
{
    WCHAR Guid[PNP_GUID_CHARACTERS];
    WCHAR Device[PNP_PATH_CHARACTERS];
    SIZE_T Characters = Interface->LinkBytes / sizeof(WCHAR);

    PnpGuidString(&Interface->Class, Guid);
    if (Characters - 4 >= PNP_PATH_CHARACTERS)
        return FALSE;
    memcpy(Device, Interface->Name.Buffer + 4, (Characters - 4) * sizeof(WCHAR));
    Device[Characters - 4] = 0;
    return PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_INTERFACES_KEY L"\\", Guid, L"\\##?#", Device,
                   Below != NULL ? L"\\#" : L"",
                   Below != NULL && Interface->Reference != NULL ? Interface->Reference : L"",
                   Below != NULL ? Below : L"", NULL);
}

static NTSTATUS PnppWriteKey(const PNP_INTERFACE *Interface)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Name[PNP_PATH_CHARACTERS];
    NTSTATUS Status;

    if (!PnppKeyPath(Interface, NULL, Path))
        return STATUS_NAME_TOO_LONG;
    Status = CmpSetString(Path, L"DeviceInstance", Interface->InstancePath);
    if (!NT_SUCCESS(Status) || !PnppKeyPath(Interface, L"", Path))
        return Status;
    /* Programs say \\?\ where drivers say \??\ */
    if (!PnpJoin(Name, PNP_PATH_CHARACTERS, Interface->Name.Buffer, NULL))
        return STATUS_NAME_TOO_LONG;
    Name[1] = L'\\';
    return CmpSetString(Path, L"SymbolicLink", Name);
}

static NTSTATUS PnppRegister(PDEVICE_NODE Node, const GUID *Class, const WCHAR *Reference,
                             PNP_INTERFACE **Result)
{
    PNP_INTERFACE *Interface;
    NTSTATUS Status;

    Interface = ExAllocatePoolWithTag(PagedPool, sizeof(*Interface), PNP_TAG);
    if (Interface == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Interface, 0, sizeof(*Interface));
    Interface->Class = *Class;
    Interface->InstancePath = PnpDuplicateString(Node->InstancePath);
    Interface->Reference = PnpDuplicateString(Reference);
    Status = Interface->InstancePath == NULL || (Reference != NULL && Interface->Reference == NULL)
                 ? STATUS_INSUFFICIENT_RESOURCES
                 : PnppMakeName(Interface);
    if (NT_SUCCESS(Status))
        Status = PnppWriteKey(Interface);
    if (!NT_SUCCESS(Status)) {
        PnppFreeInterface(Interface);
        return Status;
    }
    InsertTailList(&PnppInterfaces, &Interface->Link);
    *Result = Interface;
    return STATUS_SUCCESS;
}

/* A copy for a driver, which frees it with RtlFreeUnicodeString. */
static NTSTATUS PnppGiveName(const PNP_INTERFACE *Interface, PUNICODE_STRING Name)
{
    SIZE_T Bytes = Interface->Name.Length + sizeof(WCHAR);
    WCHAR *Copy = ExAllocatePoolWithTag(PagedPool, Bytes, PNP_TAG);

    if (Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(Copy, Interface->Name.Buffer, Bytes);
    RtlInitUnicodeString(Name, Copy);
    return STATUS_SUCCESS;
}

/* A terminated copy of a reference string, checked. */
static NTSTATUS PnppTakeReference(PCUNICODE_STRING String, WCHAR **Reference)
{
    ULONG i, Characters;

    *Reference = NULL;
    if (String == NULL || String->Length == 0)
        return STATUS_SUCCESS;
    Characters = String->Length / sizeof(WCHAR);
    for (i = 0; i < Characters; i++) {
        if (String->Buffer[i] == L'\\' || String->Buffer[i] == L'/' || String->Buffer[i] == 0)
            return STATUS_INVALID_DEVICE_REQUEST;
    }
    *Reference = ExAllocatePoolWithTag(PagedPool, (Characters + 1) * sizeof(WCHAR), PNP_TAG);
    if (*Reference == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(*Reference, String->Buffer, Characters * sizeof(WCHAR));
    (*Reference)[Characters] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
                                         CONST GUID *InterfaceClassGuid,
                                         PUNICODE_STRING ReferenceString,
                                         PUNICODE_STRING SymbolicLinkName)
{
    PNP_INTERFACE *Interface;
    PDEVICE_NODE Node;
    WCHAR *Reference;
    NTSTATUS Status, Outcome = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Node = PnpNamedNode(PhysicalDeviceObject);
    if (Node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    Status = PnppTakeReference(ReferenceString, &Reference);
    if (!NT_SUCCESS(Status))
        goto Exit;
    KeAcquireGuardedMutex(&PnppMutex);
    Interface = PnppFind(InterfaceClassGuid, Node->InstancePath, Reference);
    if (Interface != NULL)
        Outcome = STATUS_OBJECT_NAME_EXISTS;
    else
        Status = PnppRegister(Node, InterfaceClassGuid, Reference, &Interface);
    if (NT_SUCCESS(Status)) {
        Interface->Owner = Node;
        Status = PnppGiveName(Interface, SymbolicLinkName);
        if (NT_SUCCESS(Status))
            Status = Outcome;
    }
    KeReleaseGuardedMutex(&PnppMutex);
Exit:
    PnpFree(Reference);
    PnpDereferenceNode(Node);
    return Status;
}

/* ---- on and off; under PnppMutex ---- */

static UNICODE_STRING PnppLink(const PNP_INTERFACE *Interface)
{
    UNICODE_STRING Link = {Interface->LinkBytes, Interface->LinkBytes, Interface->Name.Buffer};

    return Link;
}

/* Another interface of the device that uses the same link. */
static BOOLEAN PnppLinkShared(const PNP_INTERFACE *Interface)
{
    PNP_INTERFACE *Other;

    PnppEach(Other)
    {
        if (Other != Interface && Other->Enabled && PnpSameGuid(&Other->Class, &Interface->Class) &&
            PnpSameString(Other->InstancePath, Interface->InstancePath))
            return TRUE;
    }
    return FALSE;
}

static NTSTATUS PnppEnable(PNP_INTERFACE *Interface)
{
    UNICODE_STRING Link = PnppLink(Interface), Target;
    BOOLEAN Live = FALSE;
    NTSTATUS Status;

    if (Interface->Enabled)
        return STATUS_OBJECT_NAME_EXISTS;
    if (Interface->Owner != NULL) {
        KiLock(&PnpTreeLock);
        Live = PnpIsLive(Interface->Owner);
        KiUnlock(&PnpTreeLock);
    }
    if (!Live)
        return STATUS_INVALID_DEVICE_REQUEST; /* no device behind it now */
    if (!PnppLinkShared(Interface)) {
        Status = ObpQueryName(Interface->Owner->PhysicalDeviceObject, &Target);
        if (!NT_SUCCESS(Status))
            return Status;
        /* A PDO without a name can't be opened: its bus driver should have asked for one. */
        Status = Target.Length == 0 ? STATUS_INVALID_DEVICE_REQUEST
                                    : IoCreateSymbolicLink(&Link, &Target);
        PnpFree(Target.Buffer);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Interface->Enabled = TRUE;
    PnpNotifyInterface(&Interface->Class, &Interface->Name, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS PnppDisable(PNP_INTERFACE *Interface)
{
    UNICODE_STRING Link = PnppLink(Interface);

    if (!Interface->Enabled)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    Interface->Enabled = FALSE;
    if (!PnppLinkShared(Interface))
        (void)IoDeleteSymbolicLink(&Link);
    PnpNotifyInterface(&Interface->Class, &Interface->Name, FALSE);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    PNP_INTERFACE *Interface;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (SymbolicLinkName == NULL || SymbolicLinkName->Length == 0)
        return STATUS_INVALID_PARAMETER;
    KeAcquireGuardedMutex(&PnppMutex);
    Interface = PnppFindName(SymbolicLinkName);
    if (Interface == NULL) {
        Status = STATUS_OBJECT_NAME_NOT_FOUND;
    } else if (Enable) {
        Status = PnppEnable(Interface);
    } else if (PnpOnWorker() && PnppRemoving != NULL && Interface->Owner != PnppRemoving &&
               PnpSameString(Interface->InstancePath, PnppRemoving->InstancePath)) {
        /* A device that waited for its last close says good-bye; the one of its name that was
         * plugged in since keeps its interface. */
        Status = STATUS_OBJECT_NAME_NOT_FOUND;
    } else {
        Status = PnppDisable(Interface);
    }
    KeReleaseGuardedMutex(&PnppMutex);
    return Status;
}

VOID PnpDisableInterfaces(PDEVICE_NODE Node, BOOLEAN Notice)
{
    PNP_INTERFACE *Interface;

    KeAcquireGuardedMutex(&PnppMutex);
    PnppEach(Interface)
    {
        if (Interface->Owner != Node || !Interface->Enabled)
            continue;
        if (Notice)
            DbgPrint("PnP: the drivers of %ws left %wZ enabled; turned off\n", Node->InstancePath,
                     &Interface->Name);
        (void)PnppDisable(Interface);
    }
    KeReleaseGuardedMutex(&PnppMutex);
}

VOID PnpOrphanInterfaces(PDEVICE_NODE Node, BOOLEAN Forget)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    PLIST_ENTRY Link, Next;

    KeAcquireGuardedMutex(&PnppMutex);
    for (Link = PnppInterfaces.Flink; Link != &PnppInterfaces; Link = Next) {
        PNP_INTERFACE *Interface = CONTAINING_RECORD(Link, PNP_INTERFACE, Link);

        Next = Link->Flink;
        if (Interface->Owner != Node)
            continue;
        (void)PnppDisable(Interface);
        Interface->Owner = NULL;
        if (!Forget)
            continue;
        if (PnppKeyPath(Interface, NULL, Path))
            (void)CmpDeleteTree(Path);
        RemoveEntryList(&Interface->Link);
        PnppFreeInterface(Interface);
    }
    KeReleaseGuardedMutex(&PnppMutex);
}

/* ---- look-up ---- */

static BOOLEAN PnppListed(const PNP_INTERFACE *Interface, const GUID *Class,
                          const WCHAR *InstancePath, BOOLEAN Inactive)
{
    return PnpSameGuid(&Interface->Class, Class) && (Inactive || Interface->Enabled) &&
           (InstancePath == NULL || PnpSameString(Interface->InstancePath, InstancePath));
}

static NTSTATUS PnppList(const GUID *Class, const WCHAR *InstancePath, BOOLEAN Inactive,
                         WCHAR **List)
{
    PNP_INTERFACE *Interface;
    SIZE_T Characters = 1;
    WCHAR *To;

    KeAcquireGuardedMutex(&PnppMutex);
    PnppEach(Interface)
    {
        if (PnppListed(Interface, Class, InstancePath, Inactive))
            Characters += Interface->Name.Length / sizeof(WCHAR) + 1;
    }
    To = *List = ExAllocatePoolWithTag(PagedPool, Characters * sizeof(WCHAR), PNP_TAG);
    if (To != NULL) {
        PnppEach(Interface)
        {
            if (!PnppListed(Interface, Class, InstancePath, Inactive))
                continue;
            memcpy(To, Interface->Name.Buffer, Interface->Name.Length + sizeof(WCHAR));
            To += Interface->Name.Length / sizeof(WCHAR) + 1;
        }
        To[0] = 0;
    }
    KeReleaseGuardedMutex(&PnppMutex);
    return To != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS PnpGetInterfaces(const GUID *Class, const WCHAR *InstancePath, WCHAR **List)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppList(Class, InstancePath, FALSE, List);
}

static BOOLEAN PnppWanted(const PNP_INTERFACE *Interface, const GUID *Class,
                          const WCHAR *InstancePath, const WCHAR *Name)
{
    return (Class == NULL || PnpSameGuid(&Interface->Class, Class)) &&
           (InstancePath == NULL || PnpSameString(Interface->InstancePath, InstancePath)) &&
           (Name == NULL || PnpSameString(Interface->Name.Buffer, Name));
}

/* Copies a string behind what is at *To; NULL stays NULL. */
static WCHAR *PnppStore(WCHAR **To, const WCHAR *String)
{
    SIZE_T Characters;
    WCHAR *Copy = *To;

    if (String == NULL)
        return NULL;
    Characters = NtCrt_wcslen(String) + 1;
    memcpy(Copy, String, Characters * sizeof(WCHAR));
    *To += Characters;
    return Copy;
}

NTSTATUS PnpListInterfaces(const GUID *Class, const WCHAR *InstancePath, const WCHAR *Name,
                           PNP_INTERFACE_FACTS **List, ULONG *Count)
{
    PNP_INTERFACE_FACTS *Facts;
    PNP_INTERFACE *Interface;
    SIZE_T Characters = 0;
    ULONG Wanted = 0;
    WCHAR *To;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *Count = 0;
    KeAcquireGuardedMutex(&PnppMutex);
    PnppEach(Interface)
    {
        if (!PnppWanted(Interface, Class, InstancePath, Name))
            continue;
        Wanted++;
        Characters += NtCrt_wcslen(Interface->InstancePath) +
                      Interface->Name.Length / sizeof(WCHAR) + 2 +
                      (Interface->Reference != NULL ? NtCrt_wcslen(Interface->Reference) + 1 : 0);
    }
    Facts = *List = ExAllocatePoolWithTag(
        PagedPool, (SIZE_T)Wanted * sizeof(*Facts) + (Characters + 1) * sizeof(WCHAR), PNP_TAG);
    if (Facts != NULL) {
        To = (WCHAR *)(Facts + Wanted);
        PnppEach(Interface)
        {
            if (!PnppWanted(Interface, Class, InstancePath, Name))
                continue;
            Facts->Class = Interface->Class;
            Facts->Enabled = Interface->Enabled;
            Facts->InstancePath = PnppStore(&To, Interface->InstancePath);
            Facts->Name = PnppStore(&To, Interface->Name.Buffer);
            Facts->Reference = PnppStore(&To, Interface->Reference);
            Facts++;
        }
        *Count = Wanted;
    }
    KeReleaseGuardedMutex(&PnppMutex);
    return Facts != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI IoGetDeviceInterfaces(CONST GUID *InterfaceClassGuid,
                                     PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags,
                                     PZZWSTR *SymbolicLinkList)
{
    PDEVICE_NODE Node = NULL;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (PhysicalDeviceObject != NULL) {
        Node = PnpNamedNode(PhysicalDeviceObject);
        if (Node == NULL)
            return STATUS_INVALID_DEVICE_REQUEST;
    }
    Status = PnppList(InterfaceClassGuid, Node != NULL ? Node->InstancePath : NULL,
                      (Flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0, SymbolicLinkList);
    if (Node != NULL)
        PnpDereferenceNode(Node);
    return Status;
}

NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName,
                                         CONST GUID *AliasInterfaceClassGuid,
                                         PUNICODE_STRING AliasSymbolicLinkName)
{
    PNP_INTERFACE *Interface, *Alias = NULL;
    NTSTATUS Status = STATUS_OBJECT_NAME_NOT_FOUND;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KeAcquireGuardedMutex(&PnppMutex);
    Interface = PnppFindName(SymbolicLinkName);
    if (Interface != NULL)
        Alias = PnppFind(AliasInterfaceClassGuid, Interface->InstancePath, Interface->Reference);
    if (Alias != NULL)
        Status = PnppGiveName(Alias, AliasSymbolicLinkName);
    KeReleaseGuardedMutex(&PnppMutex);
    return Status;
}

NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName,
                                                ACCESS_MASK DesiredAccess,
                                                PHANDLE DeviceInterfaceKey)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    PNP_INTERFACE *Interface;
    BOOLEAN Found = FALSE;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (SymbolicLinkName == NULL || SymbolicLinkName->Length == 0)
        return STATUS_INVALID_PARAMETER;
    KeAcquireGuardedMutex(&PnppMutex);
    Interface = PnppFindName(SymbolicLinkName);
    if (Interface != NULL)
        Found = PnppKeyPath(Interface, L"\\Device Parameters", Path);
    KeReleaseGuardedMutex(&PnppMutex);
    if (!Found)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!NT_SUCCESS(CmpCreateKey(Path)))
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    return ZwOpenKey(DeviceInterfaceKey, DesiredAccess, &Attributes);
}
