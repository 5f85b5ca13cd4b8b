/* SPDX-License-Identifier: MIT */
/*
 * view.c - views of sections: mapped, unmapped, written back.
 *
 * A view holds its section, and so the file; while one is there, the file is not cut short by
 * anybody here. If the host's other programs do it, touching what is gone is a fault:
 * STATUS_IN_PAGE_ERROR in a __try, as on Windows.
 */
#include "ntio/vm/vmp.h"
#include "ntio/fs/fs.h"

#include <stdio.h>

#define VMP_TAG 'weiV'

typedef struct _VMP_VIEW {
    LIST_ENTRY Entry;     /* VmpViews */
    PVMP_SECTION Section; /* referenced */
    PEPROCESS Process;    /* whose it is; compared only */
    PUCHAR Base;
    SIZE_T Size; /* whole pages */
    PVOID Caller;
} VMP_VIEW, *PVMP_VIEW;

static KI_LOCK VmpLock;
static LIST_ENTRY VmpViews = {&VmpViews, &VmpViews};

NTSTATUS VmpProcess(HANDLE ProcessHandle, KPROCESSOR_MODE Mode, PEPROCESS *Process)
{
    PVOID Object;
    NTSTATUS Status;

    if (ProcessHandle == (HANDLE)(LONG_PTR)-1) {
        *Process = PsGetCurrentProcess();
        ObReferenceObject(*Process);
        return STATUS_SUCCESS;
    }
    Status = ObReferenceObjectByHandle(ProcessHandle, 0, PspProcessType, Mode, &Object, NULL);
    if (NT_SUCCESS(Status))
        *Process = Object;
    return Status;
}

/* ---- mapping ---- */

/* May a view with Page be made of the section, by this handle? */
static NTSTATUS VmpCheckProtection(PVMP_SECTION Section, ULONG Page, ACCESS_MASK Granted,
                                   KPROCESSOR_MODE Mode, VMP_PROTECTION *Wanted)
{
    ACCESS_MASK Needed;
    VMP_PROTECTION Has;

    if (!VmpProtection(Page, Wanted))
        return STATUS_INVALID_PAGE_PROTECTION;
    VmpProtection(Section->Protection, &Has);
    if ((Wanted->Write && !Has.Write) || (Wanted->Execute && !Has.Execute))
        return STATUS_SECTION_PROTECTION;
    Needed = (Wanted->Write ? SECTION_MAP_WRITE : SECTION_MAP_READ) |
             (Wanted->Execute ? SECTION_MAP_EXECUTE : 0);
    if (Mode != KernelMode && (Granted & Needed) != Needed)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* Address space for Size bytes at a multiple of 64 KiB, or MAP_FAILED. */
static PUCHAR VmpReserve(PVOID Wanted, SIZE_T Size)
{
    SIZE_T Room = Size + VMP_GRANULARITY;
    PUCHAR Base, Aligned;

    if (Wanted != NULL)
        return mmap(Wanted, Size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                    0);
    Base = mmap(NULL, Room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (Base == MAP_FAILED)
        return Base;
    Aligned = (PUCHAR)(((ULONG_PTR)Base + VMP_GRANULARITY - 1) & ~(ULONG_PTR)(VMP_GRANULARITY - 1));
    if (Aligned != Base)
        munmap(Base, (SIZE_T)(Aligned - Base));
    if (Aligned + Size != Base + Room)
        munmap(Aligned + Size, (SIZE_T)(Base + Room - (Aligned + Size)));
    return Aligned;
}

static NTSTATUS VmpMap(PVMP_SECTION Section, const VMP_PROTECTION *Protection, PVOID Wanted,
                       LONGLONG Offset, SIZE_T Size, PUCHAR *Base)
{
    int Access = PROT_READ | (Protection->Write || Protection->Copy ? PROT_WRITE : 0) |
                 (Protection->Execute ? PROT_EXEC : 0);

    *Base = VmpReserve(Wanted, Size);
    if (*Base == MAP_FAILED)
        return Wanted != NULL ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY;
    if (Wanted != NULL && *Base != Wanted) { /* a host that does not know the flag */
        munmap(*Base, Size);
        return STATUS_CONFLICTING_ADDRESSES;
    }
    if (mmap(*Base, Size, Access, (Protection->Copy ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED,
             Section->Descriptor, Offset) == MAP_FAILED) {
        NTSTATUS Status = errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_ACCESS_DENIED;
        munmap(*Base, Size);
        return Status;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS VmpAddView(PVMP_SECTION Section, const VMP_PROTECTION *Protection,
                           PEPROCESS Process, PVOID Wanted, LONGLONG Offset, SIZE_T Size,
                           PVOID Caller, PUCHAR *Base)
{
    PVMP_VIEW View = ExAllocatePoolWithTag(NonPagedPool, sizeof(*View), VMP_TAG);
    NTSTATUS Status;

    if (View == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (Section->File != NULL)
        FsAddView(Section->File);
    Status = VmpMap(Section, Protection, Wanted, Offset, Size, Base);
    if (!NT_SUCCESS(Status)) {
        if (Section->File != NULL)
            FsRemoveView(Section->File);
        ExFreePoolWithTag(View, VMP_TAG);
        return Status;
    }
    ObReferenceObject(Section);
    *View = (VMP_VIEW){
        .Section = Section, .Process = Process, .Base = *Base, .Size = Size, .Caller = Caller};
    KiLock(&VmpLock);
    InsertTailList(&VmpViews, &View->Entry);
    KiUnlock(&VmpLock);
    return STATUS_SUCCESS;
}

static NTSTATUS VmpMapView(KPROCESSOR_MODE Mode, HANDLE SectionHandle, HANDLE ProcessHandle,
                           PVOID *BaseAddress, PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize,
                           SECTION_INHERIT Inherit, ULONG AllocationType, ULONG Page, PVOID Caller)
{
    LONGLONG Offset = SectionOffset != NULL ? SectionOffset->QuadPart : 0;
    OBJECT_HANDLE_INFORMATION Information;
    PVMP_SECTION Section;
    VMP_PROTECTION Protection;
    PVOID Object, Wanted = *BaseAddress;
    PEPROCESS Process;
    SIZE_T Size = *ViewSize;
    PUCHAR Base;
    NTSTATUS Status;

    if (Inherit != ViewShare && Inherit != ViewUnmap)
        return STATUS_INVALID_PARAMETER_8;
    if ((AllocationType & ~(ULONG)(MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES)) != 0)
        return STATUS_INVALID_PARAMETER_9;
    if ((ULONG_PTR)Wanted % VMP_GRANULARITY != 0 || Offset % VMP_GRANULARITY != 0)
        return STATUS_MAPPED_ALIGNMENT;
    Status =
        ObReferenceObjectByHandle(SectionHandle, 0, VmpSectionType, Mode, &Object, &Information);
    if (!NT_SUCCESS(Status))
        return Status;
    Section = Object;
    Status = VmpCheckProtection(Section, Page, Information.GrantedAccess, Mode, &Protection);
    if (NT_SUCCESS(Status) &&
        (Offset < 0 || Offset >= Section->Size || Size > (ULONGLONG)(Section->Size - Offset)))
        Status = STATUS_INVALID_VIEW_SIZE;
    if (NT_SUCCESS(Status))
        Status = VmpProcess(ProcessHandle, Mode, &Process);
    if (NT_SUCCESS(Status)) {
        Size = ROUND_TO_PAGES(Size != 0 ? Size : (SIZE_T)(Section->Size - Offset));
        Status = VmpAddView(Section, &Protection, Process, Wanted, Offset, Size, Caller, &Base);
        ObDereferenceObject(Process);
    }
    ObDereferenceObject(Section);
    if (NT_SUCCESS(Status)) {
        *BaseAddress = Base;
        *ViewSize = Size;
    }
    return Status;
}

NTSTATUS NTAPI NtMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress,
                                  ULONG_PTR ZeroBits, SIZE_T CommitSize,
                                  PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize,
                                  SECTION_INHERIT InheritDisposition, ULONG AllocationType,
                                  ULONG Win32Protect)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    NTSTATUS Status = ObpProbe(Mode, BaseAddress, sizeof(*BaseAddress), TRUE);

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(ZeroBits);   /* where the system puts it is the system's choice */
    UNREFERENCED_PARAMETER(CommitSize); /* everything is committed */
    if (NT_SUCCESS(Status))
        Status = ObpProbe(Mode, ViewSize, sizeof(*ViewSize), TRUE);
    if (NT_SUCCESS(Status) && SectionOffset != NULL)
        Status = ObpProbe(Mode, SectionOffset, sizeof(*SectionOffset), FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    return VmpMapView(Mode, SectionHandle, ProcessHandle, BaseAddress, SectionOffset, ViewSize,
                      InheritDisposition, AllocationType, Win32Protect,
                      __builtin_return_address(0));
}

NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress,
                                  ULONG_PTR ZeroBits, SIZE_T CommitSize,
                                  PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize,
                                  SECTION_INHERIT InheritDisposition, ULONG AllocationType,
                                  ULONG Win32Protect)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(ZeroBits);
    UNREFERENCED_PARAMETER(CommitSize);
    return VmpMapView(KernelMode, SectionHandle, ProcessHandle, BaseAddress, SectionOffset,
                      ViewSize, InheritDisposition, AllocationType, Win32Protect,
                      __builtin_return_address(0));
}

/* ---- unmapping ---- */

/* The view is off the list. */
static VOID VmpEndView(PVMP_VIEW View)
{
    munmap(View->Base, View->Size);
    if (View->Section->File != NULL)
        FsRemoveView(View->Section->File);
    ObDereferenceObject(View->Section);
    ExFreePoolWithTag(View, VMP_TAG);
}

/* Under VmpLock: the process's view that Address lies in. */
static PVMP_VIEW VmpFindView(PEPROCESS Process, const VOID *Address)
{
    for (PLIST_ENTRY Entry = VmpViews.Flink; Entry != &VmpViews; Entry = Entry->Flink) {
        PVMP_VIEW View = CONTAINING_RECORD(Entry, VMP_VIEW, Entry);
        if (View->Process == Process && (PUCHAR)(ULONG_PTR)Address >= View->Base &&
            (PUCHAR)(ULONG_PTR)Address < View->Base + View->Size)
            return View;
    }
    return NULL;
}

static NTSTATUS VmpUnmapView(KPROCESSOR_MODE Mode, HANDLE ProcessHandle, PVOID BaseAddress)
{
    PEPROCESS Process;
    PVMP_VIEW View;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = VmpProcess(ProcessHandle, Mode, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&VmpLock);
    View = VmpFindView(Process, BaseAddress);
    if (View != NULL)
        RemoveEntryList(&View->Entry);
    KiUnlock(&VmpLock);
    ObDereferenceObject(Process);
    if (View == NULL)
        return STATUS_NOT_MAPPED_VIEW;
    VmpEndView(View);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress)
{
    return VmpUnmapView(ExGetPreviousMode(), ProcessHandle, BaseAddress);
}

NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress)
{
    return VmpUnmapView(KernelMode, ProcessHandle, BaseAddress);
}

VOID VmEndProcess(PEPROCESS Process)
{
    for (;;) {
        PVMP_VIEW Found = NULL;

        KiLock(&VmpLock);
        for (PLIST_ENTRY Entry = VmpViews.Flink; Entry != &VmpViews; Entry = Entry->Flink) {
            PVMP_VIEW View = CONTAINING_RECORD(Entry, VMP_VIEW, Entry);
            if (View->Process == Process) {
                Found = View;
                RemoveEntryList(Entry);
                break;
            }
        }
        KiUnlock(&VmpLock);
        if (Found == NULL)
            return;
        VmpEndView(Found);
    }
}

NTSTATUS NTAPI NtFlushVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                    PIO_STATUS_BLOCK IoStatus)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PUCHAR Start = (PUCHAR)PAGE_ALIGN(*BaseAddress);
    PVMP_SECTION Section = NULL;
    SIZE_T Size = *RegionSize;
    PEPROCESS Process;
    PVMP_VIEW View;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = VmpProcess(ProcessHandle, Mode, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&VmpLock);
    View = VmpFindView(Process, Start);
    if (View != NULL) {
        SIZE_T Rest = (SIZE_T)(View->Base + View->Size - Start);
        if (Size == 0 || Size > Rest)
            Size = Rest;
        Section = View->Section;
        ObReferenceObject(Section);
    }
    KiUnlock(&VmpLock);
    ObDereferenceObject(Process);
    if (View == NULL)
        return STATUS_NOT_MAPPED_VIEW;
    /* ENOMEM: it was unmapped meanwhile, and so written already. */
    if (Section->File != NULL && msync(Start, Size, MS_SYNC) != 0 && errno != ENOMEM)
        Status = STATUS_IO_DEVICE_ERROR;
    ObDereferenceObject(Section);
    IoStatus->Status = Status;
    IoStatus->Information = 0;
    return Status;
}

/* ---- what is left ---- */

static VOID VmpAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    KiLock(&VmpLock);
    for (PLIST_ENTRY Entry = VmpViews.Flink; Entry != &VmpViews; Entry = Entry->Flink) {
        PVMP_VIEW View = CONTAINING_RECORD(Entry, VMP_VIEW, Entry);
        char Sentence[320], Who[200];

        VfDescribeAddress(View->Caller, Who, sizeof(Who));
        snprintf(Sentence, sizeof(Sentence), "%llu bytes of a section at %p, mapped by %s",
                 (unsigned long long)View->Size, (void *)View->Base, Who);
        Left("view", Sentence, Context);
    }
    KiUnlock(&VmpLock);
}

VOID VmpInitializeViews(VOID)
{
    VfAddAccountingSource("vm", VmpAccount);
}

VOID VmShutdownSystem(VOID)
{
    /* What was named then goes: System's views, and with them the sections. */
    VmEndProcess(PsInitialSystemProcess);
}
