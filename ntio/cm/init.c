/* SPDX-License-Identifier: MIT */
/*
 * init.c - the registry at boot: the keys that Windows always has and drivers look for, and its
 * end.
 */
#include "ntio/cm/cmp.h"

KI_LOCK CmpLock;
PCM_NODE CmpRoot;

static const struct {
    const WCHAR *Path;
    BOOLEAN Volatile; /* on Windows not on disk: built anew at each boot */
} CmpBootKeys[] = {
    {L"\\REGISTRY\\MACHINE", FALSE},
    {L"\\REGISTRY\\USER", FALSE},
    {L"\\REGISTRY\\USER\\.DEFAULT", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Enum", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\Class", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\DeviceClasses", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Control\\CriticalDeviceDatabase", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Hardware Profiles", FALSE},
    {L"\\REGISTRY\\MACHINE\\SYSTEM\\Select", FALSE},
    {L"\\REGISTRY\\MACHINE\\SOFTWARE", FALSE},
    {L"\\REGISTRY\\MACHINE\\SOFTWARE\\Classes", FALSE},
    {L"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft", FALSE},
    {L"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT", FALSE},
    {L"\\REGISTRY\\MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", FALSE},
    {L"\\REGISTRY\\MACHINE\\HARDWARE", TRUE},
    {L"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION", TRUE},
    {L"\\REGISTRY\\MACHINE\\HARDWARE\\DEVICEMAP", TRUE},
    {L"\\REGISTRY\\MACHINE\\HARDWARE\\RESOURCEMAP", TRUE},
};

/* Before anybody else can look: the lock is held for form's sake. */
static NTSTATUS CmpMakeKey(const WCHAR *Path, BOOLEAN Volatile, PCM_NODE *Node)
{
    UNICODE_STRING Name;
    CMP_WALK Walk = {
        .Path = &Name, .CreateLast = TRUE, .Volatile = Volatile, .Trusted = TRUE, .OpenLink = TRUE};
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, Path);
    KiLock(&CmpLock);
    Status = CmpWalk(&Walk, Node);
    if (NT_SUCCESS(Status))
        (*Node)->Fixed = TRUE;
    KiUnlock(&CmpLock);
    return Status;
}

static NTSTATUS CmpMakeCurrentControlSet(VOID)
{
    static const WCHAR Target[] = L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001";
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"SymbolicLinkValue");
    NTSTATUS Status;
    PCM_NODE Node;

    Status = CmpMakeKey(L"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet", TRUE, &Node);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    /* A link's value has no closing zero. */
    Status = CmpStoreValue(Node, &Name, REG_LINK, Target, sizeof(Target) - sizeof(WCHAR));
    Node->Link = TRUE;
    KiUnlock(&CmpLock);
    return Status;
}

NTSTATUS CmInitializeSystem(VOID)
{
    static const WCHAR Select[] = L"\\REGISTRY\\MACHINE\\SYSTEM\\Select";
    NTSTATUS Status = STATUS_SUCCESS;

    CmpRoot = CmpCreateRootNode();
    if (CmpRoot == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < RTL_NUMBER_OF(CmpBootKeys) && NT_SUCCESS(Status); i++) {
        PCM_NODE Node;
        Status = CmpMakeKey(CmpBootKeys[i].Path, CmpBootKeys[i].Volatile, &Node);
    }
    if (NT_SUCCESS(Status))
        Status = CmpMakeCurrentControlSet();
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Select, L"Current", 1);
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Select, L"Default", 1);
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Select, L"LastKnownGood", 1);
    if (NT_SUCCESS(Status))
        Status = CmpInitializeKeys();
    if (!NT_SUCCESS(Status))
        CmShutdownSystem();
    return Status;
}

/* Nodes that a left key object refers to stay until that goes. */
VOID CmShutdownSystem(VOID)
{
    PCM_NODE Root = CmpRoot;

    if (Root == NULL)
        return;
    CmpShutdownKeys();
    KiLock(&CmpLock);
    CmpEndWatchesOf(NULL, NULL);
    CmpUnlinkTree(Root);
    CmpRoot = NULL;
    CmpDereferenceNode(Root);
    KiUnlock(&CmpLock);
}
