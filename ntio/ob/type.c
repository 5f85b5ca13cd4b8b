/* SPDX-License-Identifier: MIT */
/*
 * type.c - object types. A type is itself an object, \ObjectTypes\<name>, of type Type.
 */
#include "ntio/ob/obp.h"

#define OBP_MAXIMUM_TYPES 64

POBJECT_TYPE ObpDirectoryType, ObpSymbolicLinkType, ObpTypeType;

static POBJECT_TYPE ObpTypes[OBP_MAXIMUM_TYPES];
static ULONG ObpTypeCount;
static KI_LOCK ObpTypesLock;

/* Types that name no mapping (devices, files) are mapped as files are. */
static const GENERIC_MAPPING ObpFileMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE,
                                               FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};

static NTSTATUS ObpNameType(POBJECT_TYPE Type)
{
    WCHAR Buffer[96];
    UNICODE_STRING Name = {0, sizeof(Buffer), Buffer};
    OBJECT_ATTRIBUTES Attributes;
    OBP_LOOKUP Lookup = {0};
    PVOID Found;

    RtlAppendUnicodeToString(&Name, L"\\ObjectTypes\\");
    RtlAppendUnicodeStringToString(&Name, &Type->Name);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    Lookup.Name = &Name;
    Lookup.Type = ObpTypeType;
    Lookup.Attributes = Attributes.Attributes;
    Lookup.Insert = ObpHeader(Type);
    return ObpLookup(&Lookup, &Found);
}

NTSTATUS ObpCreateTypeEx(const OB_TYPE_INFO *Info, const GENERIC_MAPPING *Mapping,
                         POBJECT_TYPE *Result)
{
    SIZE_T Length = NtCrt_wcslen(Info->Name);
    POBJECT_TYPE Type;
    PVOID Object;
    NTSTATUS Status;

    if (Length == 0 || Length > 64)
        return STATUS_OBJECT_NAME_INVALID;
    Status = ObpCreate(ObpTypeType, NULL, sizeof(*Type) + (Length + 1) * sizeof(WCHAR), &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    Type = Object;
    Type->Self = Type;
    Type->Name.Buffer = (PWCH)(Type + 1);
    Type->Name.Length = (USHORT)(Length * sizeof(WCHAR));
    Type->Name.MaximumLength = (USHORT)(Type->Name.Length + sizeof(WCHAR));
    memcpy(Type->Name.Buffer, Info->Name, Type->Name.MaximumLength);
    Type->Info = *Info;
    Type->Info.Name = Type->Name.Buffer;
    Type->Mapping = Mapping != NULL ? *Mapping : ObpFileMapping;
    atomic_fetch_or(&ObpHeader(Type)->Flags, OBP_SYSTEM);

    if (ObpRootDirectory != NULL) {
        Status = ObpNameType(Type);
        if (!NT_SUCCESS(Status)) {
            ObfDereferenceObject(Type);
            return Status;
        }
    }
    KiLock(&ObpTypesLock);
    if (ObpTypeCount < OBP_MAXIMUM_TYPES)
        ObpTypes[ObpTypeCount++] = Type;
    else
        Status = STATUS_INSUFFICIENT_RESOURCES;
    KiUnlock(&ObpTypesLock);
    if (!NT_SUCCESS(Status)) {
        ObpRemoveName(Type);
        ObfDereferenceObject(Type);
        return Status;
    }
    *Result = Type;
    return STATUS_SUCCESS;
}

NTSTATUS ObpCreateType(const OB_TYPE_INFO *Info, POBJECT_TYPE *Type)
{
    return ObpCreateTypeEx(Info, NULL, Type);
}

NTSTATUS ObpInitializeTypes(VOID)
{
    static const GENERIC_MAPPING Mapping = {READ_CONTROL, READ_CONTROL, READ_CONTROL, 0xf0001};
    static const OB_TYPE_INFO Info = {.Name = L"Type"};
    NTSTATUS Status;

    ObpTypeType = NULL; /* the first object made is its own type */
    ObpTypeCount = 0;
    Status = ObpCreateTypeEx(&Info, &Mapping, &ObpTypeType);
    if (NT_SUCCESS(Status)) {
        ObpHeader(ObpTypeType)->Type = ObpTypeType;
        atomic_fetch_add(&ObpTypeType->Objects, 1);
    }
    return Status;
}

NTSTATUS ObpNameTypes(VOID)
{
    NTSTATUS Status = STATUS_SUCCESS;

    for (ULONG i = 0; i < ObpTypeCount && NT_SUCCESS(Status); i++)
        Status = ObpNameType(ObpTypes[i]);
    return Status;
}

VOID ObpUnnameTypes(VOID)
{
    for (ULONG i = 0; i < ObpTypeCount; i++)
        ObpRemoveName(ObpTypes[i]);
}

/*
 * A type that still has objects stays with them: they are named by the accounting, and it would be
 * wrong to pull the ground from under them. Type itself, the first, goes last.
 */
VOID ObpFreeTypes(VOID)
{
    for (ULONG i = ObpTypeCount; i-- > 0;) {
        POBJECT_TYPE Type = ObpTypes[i];
        LONG Self = Type == ObpTypeType ? 1 : 0;

        if (atomic_load(&Type->Objects) == Self)
            ObfDereferenceObject(Type);
    }
    ObpTypeCount = 0;
    ObpTypeType = ObpDirectoryType = ObpSymbolicLinkType = NULL;
}

const WCHAR *ObpTypeName(POBJECT_TYPE Type)
{
    return Type->Name.Buffer;
}

ACCESS_MASK ObpMapAccess(POBJECT_TYPE Type, ACCESS_MASK Access)
{
    ACCESS_MASK Mapped = Access & 0x0fffffff & ~(ACCESS_MASK)MAXIMUM_ALLOWED;

    if ((Access & GENERIC_READ) != 0)
        Mapped |= Type->Mapping.GenericRead;
    if ((Access & GENERIC_WRITE) != 0)
        Mapped |= Type->Mapping.GenericWrite;
    if ((Access & GENERIC_EXECUTE) != 0)
        Mapped |= Type->Mapping.GenericExecute;
    if ((Access & (GENERIC_ALL | MAXIMUM_ALLOWED)) != 0)
        Mapped |= Type->Mapping.GenericAll;
    return Mapped;
}
