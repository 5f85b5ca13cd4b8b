/* SPDX-License-Identifier: MIT */
/*
 * native.c - drivers as shared objects, loaded by the host's own loader.
 *
 * Each load is a fresh image, as on Windows: a file that the process has mapped already is refused,
 * because dlopen would hand out the same variables again.
 */
#define _GNU_SOURCE 1 /* dl_iterate_phdr */
#include "ntio/ldr/ldrp.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

/* Guards the question "is it loaded?" together with the load. Constructors of a driver run under
 * it; they call nothing of ntio. */
static KI_LOCK LdrpNativeLock;

static VOID LdrpReleaseNative(PVOID LoaderHandle)
{
    PLDRP_IMAGE Image = LoaderHandle;
    LdrpUnregisterImage(Image);
    dlclose(Image->DlHandle);
    free(Image);
}

typedef struct _LDRP_RANGE {
    ULONG_PTR Inside, Start, End;
} LDRP_RANGE;

static int LdrpFindRange(struct dl_phdr_info *Info, size_t Size, void *Context)
{
    LDRP_RANGE *Range = Context;
    ULONG_PTR Start = MAXULONG_PTR, End = 0;
    UNREFERENCED_PARAMETER(Size);
    for (int i = 0; i < Info->dlpi_phnum; i++) {
        const ElfW(Phdr) *Header = &Info->dlpi_phdr[i];
        if (Header->p_type != PT_LOAD)
            continue;
        ULONG_PTR From = Info->dlpi_addr + Header->p_vaddr, To = From + Header->p_memsz;
        Start = From < Start ? From : Start;
        End = To > End ? To : End;
    }
    if (Range->Inside < Start || Range->Inside >= End)
        return 0;
    Range->Start = Start & ~(ULONG_PTR)4095;
    Range->End = (End + 4095) & ~(ULONG_PTR)4095;
    return 1;
}

NTSTATUS LdrpLoadNative(const char *File, IOP_DRIVER_IMAGE *Image, char *Reason, size_t Size)
{
    const char *Name = LdrpBaseName(File);
    NTSTATUS Status;
    PLDRP_IMAGE Loaded = calloc(1, sizeof(*Loaded));
    PVOID Handle = NULL, Entry, Kernel;
    LDRP_RANGE Range = {0};

    if (Loaded == NULL)
        return LdrpSay(Reason, Size, STATUS_INSUFFICIENT_RESOURCES, "%s: out of memory", Name);

    KiLock(&LdrpNativeLock);
    PVOID Before = dlopen(File, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
    if (Before == NULL) {
        (void)dlerror();
        Handle = dlopen(File, RTLD_NOW | RTLD_LOCAL);
    }
    const char *Error = Before == NULL && Handle == NULL ? dlerror() : NULL;
    KiUnlock(&LdrpNativeLock);

    if (Before != NULL) {
        dlclose(Before);
        Status = LdrpSay(Reason, Size, STATUS_IMAGE_ALREADY_LOADED, "%s is loaded already", Name);
        goto Exit;
    }
    if (Handle == NULL) {
        Status = LdrpSay(Reason, Size, STATUS_DRIVER_UNABLE_TO_LOAD, "%s",
                         Error != NULL ? Error : "dlopen failed");
        goto Exit;
    }
    Entry = dlsym(Handle, "DriverEntry");
    if (Entry == NULL) {
        Status = LdrpSay(Reason, Size, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, "%s has no DriverEntry",
                         Name);
        goto Exit;
    }
    /* A host that has ntio linked in statically must not run drivers that brought another one. */
    Kernel = dlsym(Handle, "IofCompleteRequest");
    if (Kernel != NULL && Kernel != (PVOID)IofCompleteRequest) {
        Status = LdrpSay(Reason, Size, STATUS_DRIVER_UNABLE_TO_LOAD,
                         "%s is linked with another copy of ntio than the one that runs", Name);
        goto Exit;
    }
    Range.Inside = (ULONG_PTR)Entry;
    dl_iterate_phdr(LdrpFindRange, &Range);
    strncpy(Loaded->Name, Name, sizeof(Loaded->Name) - 1);
    Loaded->Base = (PUCHAR)Range.Start;
    Loaded->Size = (ULONG)(Range.End - Range.Start);
    Loaded->Native = TRUE;
    Loaded->DlHandle = Handle;
    Status = LdrpRegisterImage(Loaded);
    if (!NT_SUCCESS(Status)) {
        LdrpSay(Reason, Size, Status, "%s: too many drivers are loaded", Name);
        goto Exit;
    }
    Image->LoaderHandle = Loaded;
    Image->ImageBase = Loaded->Base;
    Image->ImageSize = Loaded->Size;
    Image->Entry = (PDRIVER_INITIALIZE)Entry;
    Image->Release = LdrpReleaseNative;
    return STATUS_SUCCESS;

Exit:
    if (Handle != NULL)
        dlclose(Handle);
    free(Loaded);
    return Status;
}
