/* SPDX-License-Identifier: MIT */
/*
 * init.c - the namespace at boot and its end.
 */
#include "ntio/ob/obp.h"

/* Parents before children. */
static const WCHAR *const ObpDirectories[] = {
    L"\\ObjectTypes",      L"\\Device",        L"\\Driver",   L"\\FileSystem", L"\\GLOBAL??",
    L"\\BaseNamedObjects", L"\\KernelObjects", L"\\Callback", L"\\ArcName",    L"\\Security",
};

/*
 * On Windows \?? is the session's directory in front of \GLOBAL??; there is one session here.
 * GLOBALROOT leads back to the root, so that \??\GLOBALROOT\Device\X is a name for \Device\X.
 */
static const struct {
    const WCHAR *Name, *Target;
} ObpLinks[] = {
    {L"\\??", L"\\GLOBAL??"},
    {L"\\DosDevices", L"\\??"},
    {L"\\GLOBAL??\\Global", L"\\GLOBAL??"},
    {L"\\GLOBAL??\\GLOBALROOT", L""},
};

static NTSTATUS ObpMakeDirectory(const WCHAR *Path)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status;
    PVOID Object;

    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    Status = ObpCreate(ObpDirectoryType, &Attributes, sizeof(OBP_DIRECTORY), &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    ObpInitializeDirectory(Object);
    Status = ObpInsert(Object, 0, NULL);
    ObfDereferenceObject(Object);
    return Status;
}

static NTSTATUS ObpMakeLink(const WCHAR *Path, const WCHAR *TargetPath)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name, Target;

    RtlInitUnicodeString(&Name, Path);
    RtlInitUnicodeString(&Target, TargetPath);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    return ObpCreateSymbolicLink(NULL, 0, &Attributes, &Target, NULL);
}

NTSTATUS ObInitializeSystem(VOID)
{
    static const OB_TYPE_INFO Directory = {.Name = L"Directory", .Delete = ObpDeleteDirectory};
    static const OB_TYPE_INFO Link = {.Name = L"SymbolicLink", .Delete = ObpDeleteSymbolicLink};
    static const GENERIC_MAPPING DirectoryMapping = {
        STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
        STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
        STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE, DIRECTORY_ALL_ACCESS};
    static const GENERIC_MAPPING LinkMapping = {
        STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
        STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS};
    NTSTATUS Status;
    PVOID Root;

    ObpRootDirectory = NULL;
    ObpInitializeObjects();
    Status = ObpInitializeTypes();
    if (NT_SUCCESS(Status))
        Status = ObpCreateTypeEx(&Directory, &DirectoryMapping, &ObpDirectoryType);
    if (NT_SUCCESS(Status))
        Status = ObpCreateTypeEx(&Link, &LinkMapping, &ObpSymbolicLinkType);
    if (NT_SUCCESS(Status))
        Status = ObpCreate(ObpDirectoryType, NULL, sizeof(OBP_DIRECTORY), &Root);
    if (!NT_SUCCESS(Status))
        return Status;
    ObpInitializeDirectory(Root);

    /* Types enter \ObjectTypes as soon as there is one. */
    ObpRootDirectory = Root;
    for (ULONG i = 0; i < RTL_NUMBER_OF(ObpDirectories) && NT_SUCCESS(Status); i++)
        Status = ObpMakeDirectory(ObpDirectories[i]);
    if (NT_SUCCESS(Status))
        Status = ObpNameTypes();
    for (ULONG i = 0; i < RTL_NUMBER_OF(ObpLinks) && NT_SUCCESS(Status); i++)
        Status = ObpMakeLink(ObpLinks[i].Name, ObpLinks[i].Target);
    if (NT_SUCCESS(Status))
        Status = ObpInitializeSynchronizationTypes();
    if (NT_SUCCESS(Status)) {
        ObpMarkSystemObjects();
        ObpAddAccounting();
    }
    return Status;
}

static VOID ObpRemovePath(const WCHAR *Path, POBJECT_TYPE Type)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    PVOID Object;

    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!NT_SUCCESS(ObpOpenByName(&Attributes, Type, 0, NULL, &Object)))
        return;
    ObpRemoveName(Object);
    ObfDereferenceObject(Object);
}

/*
 * Takes down what the boot made. What others left, and the directories that it stands in, stays:
 * the accounting, before or after, tells.
 */
VOID ObShutdownSystem(VOID)
{
    PVOID Root;

    if (ObpRootDirectory == NULL)
        return;
    ExpDrainWorkQueues(); /* deletions that were deferred */
    for (ULONG i = RTL_NUMBER_OF(ObpLinks); i-- > 0;)
        ObpRemovePath(ObpLinks[i].Name, ObpSymbolicLinkType);
    for (ULONG i = RTL_NUMBER_OF(ObpDirectories); i-- > 1;)
        ObpRemovePath(ObpDirectories[i], ObpDirectoryType);
    ObpUnnameTypes();
    ObpRemovePath(ObpDirectories[0], ObpDirectoryType);
    Root = ObpRootDirectory;
    ObpRootDirectory = NULL;
    ObfDereferenceObject(Root);
    ObpFreeTypes();
    ObpFreeKept();
}
