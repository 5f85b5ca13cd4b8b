/* SPDX-License-Identifier: MIT */
/* section.c - section objects: made on a file or on memory, opened by name. */
#include "ntio/vm/vmp.h"
#include "ntio/fs/fs.h"

POBJECT_TYPE VmpSectionType;

BOOLEAN VmpProtection(ULONG Page, VMP_PROTECTION *Protection)
{
    *Protection = (VMP_PROTECTION){FALSE, FALSE, FALSE};
    switch (Page & ~(ULONG)(PAGE_NOCACHE | PAGE_WRITECOMBINE)) {
    case PAGE_READONLY:
        return TRUE;
    case PAGE_READWRITE:
        Protection->Write = TRUE;
        return TRUE;
    case PAGE_WRITECOPY:
        Protection->Copy = TRUE;
        return TRUE;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
        Protection->Execute = TRUE;
        return TRUE;
    case PAGE_EXECUTE_READWRITE:
        Protection->Execute = Protection->Write = TRUE;
        return TRUE;
    case PAGE_EXECUTE_WRITECOPY:
        Protection->Execute = Protection->Copy = TRUE;
        return TRUE;
    default:
        return FALSE;
    }
}

static VOID VmpDeleteSection(PVOID Object)
{
    PVMP_SECTION Section = Object;

    if (Section->Made)
        close(Section->Descriptor);
    if (Section->File != NULL)
        ObDereferenceObject(Section->File);
}

NTSTATUS VmInitializeSystem(VOID)
{
    static const GENERIC_MAPPING Mapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                                            STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                                            STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE,
                                            SECTION_ALL_ACCESS};
    static const OB_TYPE_INFO Info = {.Name = L"Section", .Delete = VmpDeleteSection};

    VmpInitializeViews();
    return ObpCreateTypeEx(&Info, &Mapping, &VmpSectionType);
}

/* A section on a file is as large as the file, or as it was asked to be. */
static NTSTATUS VmpSizeOnFile(PVMP_SECTION New, PFILE_OBJECT File, LONGLONG Asked, BOOLEAN Write)
{
    struct stat Stat;
    NTSTATUS Status;

    if (fstat(New->Descriptor, &Stat) != 0)
        return STATUS_INVALID_FILE_FOR_SECTION;
    New->Size = Asked != 0 ? Asked : Stat.st_size;
    if (New->Size == 0)
        return STATUS_MAPPED_FILE_SIZE_ZERO;
    if (New->Size <= Stat.st_size)
        return STATUS_SUCCESS;
    if (!Write)
        return STATUS_SECTION_TOO_BIG;
    Status = FsExtend(File, New->Size);
    return Status == STATUS_INVALID_PARAMETER ? STATUS_SECTION_TOO_BIG : Status;
}

static NTSTATUS VmpMakeOnFile(PVMP_SECTION New, HANDLE Handle, KPROCESSOR_MODE Mode, LONGLONG Asked,
                              const VMP_PROTECTION *Protection)
{
    ACCESS_MASK Access = (Protection->Execute ? FILE_EXECUTE : 0) | FILE_READ_DATA |
                         (Protection->Write ? FILE_WRITE_DATA : 0);
    PVOID Object;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, Access, IopFileType, Mode, &Object, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = FsOpenBacking(Object, Protection->Write, &New->Descriptor);
    if (NT_SUCCESS(Status)) {
        New->Made = TRUE;
        Status = VmpSizeOnFile(New, Object, Asked, Protection->Write);
    }
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Object);
        return Status;
    }
    New->File = Object;
    return Status;
}

static NTSTATUS VmpMakeOnMemory(PVMP_SECTION New, LONGLONG Asked)
{
    if (Asked == 0)
        return STATUS_INVALID_PARAMETER_4;
    New->Descriptor = memfd_create("ntio section", MFD_CLOEXEC);
    if (New->Descriptor < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Made = TRUE;
    New->Size = Asked;
    return ftruncate(New->Descriptor, Asked) == 0 ? STATUS_SUCCESS : STATUS_SECTION_TOO_BIG;
}

static VOID VmpFillSection(PVOID Object, PVOID Context)
{
    *(PVMP_SECTION)Object = *(PVMP_SECTION)Context;
    ((PVMP_SECTION)Context)->Made = FALSE; /* the object's from here on */
    ((PVMP_SECTION)Context)->File = NULL;
}

static NTSTATUS VmpCreateSection(KPROCESSOR_MODE Mode, PHANDLE SectionHandle, ACCESS_MASK Access,
                                 POBJECT_ATTRIBUTES Attributes, PLARGE_INTEGER MaximumSize,
                                 ULONG Page, ULONG Allocation, HANDLE FileHandle)
{
    VMP_SECTION New = {.Protection = Page};
    VMP_PROTECTION Protection;
    LONGLONG Asked = 0;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (MaximumSize != NULL) {
        Status = ObpProbe(Mode, MaximumSize, sizeof(*MaximumSize), FALSE);
        if (!NT_SUCCESS(Status))
            return Status;
        Asked = MaximumSize->QuadPart;
        if (Asked < 0)
            return STATUS_INVALID_PARAMETER_4;
    }
    if (!VmpProtection(Page, &Protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if ((Allocation & SEC_IMAGE) != 0) /* images are the loader's */
        return STATUS_NOT_SUPPORTED;
    if ((Allocation & (SEC_COMMIT | SEC_RESERVE)) == 0 ||
        (Allocation & (SEC_COMMIT | SEC_RESERVE)) == (SEC_COMMIT | SEC_RESERVE) ||
        (Allocation & ~(ULONG)(SEC_COMMIT | SEC_RESERVE | SEC_NOCACHE)) != 0)
        return STATUS_INVALID_PARAMETER_6;
    Status = FileHandle != NULL ? VmpMakeOnFile(&New, FileHandle, Mode, Asked, &Protection)
                                : VmpMakeOnMemory(&New, Asked);
    if (NT_SUCCESS(Status))
        Status = ObpCreateService(VmpSectionType, sizeof(VMP_SECTION), Mode, SectionHandle, Access,
                                  Attributes, VmpFillSection, &New);
    VmpDeleteSection(&New); /* what no object has taken */
    return Status;
}

NTSTATUS NTAPI NtCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                               ULONG SectionPageProtection, ULONG AllocationAttributes,
                               HANDLE FileHandle)
{
    return VmpCreateSection(ExGetPreviousMode(), SectionHandle, DesiredAccess, ObjectAttributes,
                            MaximumSize, SectionPageProtection, AllocationAttributes, FileHandle);
}

NTSTATUS NTAPI ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                               ULONG SectionPageProtection, ULONG AllocationAttributes,
                               HANDLE FileHandle)
{
    return VmpCreateSection(KernelMode, SectionHandle, DesiredAccess, ObjectAttributes, MaximumSize,
                            SectionPageProtection, AllocationAttributes, FileHandle);
}

NTSTATUS NTAPI NtOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(VmpSectionType, ExGetPreviousMode(), SectionHandle, DesiredAccess,
                          ObjectAttributes);
}

NTSTATUS NTAPI ZwOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(VmpSectionType, KernelMode, SectionHandle, DesiredAccess,
                          ObjectAttributes);
}
