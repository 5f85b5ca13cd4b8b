/* SPDX-License-Identifier: MIT */
/* pe.c - a .sys, from the bytes of its file to an image that may be called. */
#include "ntio/ldr/ldrp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A copy, not a mapping: a file that is cut while it is mapped ends the process. */
NTSTATUS LdrpReadFile(const char *File, PVOID *Bytes, SIZE_T *Length, char *Reason, size_t Size)
{
    struct stat About;
    NTSTATUS Status = STATUS_SUCCESS;
    PUCHAR Buffer = NULL;
    SIZE_T Done = 0, Total;

    int Fd = open(File, O_RDONLY | O_CLOEXEC);
    if (Fd < 0)
        return LdrpSay(Reason, Size,
                       errno == EACCES ? STATUS_ACCESS_DENIED : STATUS_OBJECT_NAME_NOT_FOUND,
                       "can't open %s: %s", File, strerror(errno));
    if (fstat(Fd, &About) != 0 || !S_ISREG(About.st_mode)) {
        Status = LdrpSay(Reason, Size, STATUS_INVALID_IMAGE_FORMAT, "%s is not a file", File);
        goto Exit;
    }
    if (About.st_size > (off_t)LDRP_IMAGE_MAXIMUM) {
        Status = LdrpSay(Reason, Size, STATUS_INVALID_IMAGE_FORMAT, "%s is too large for a driver",
                         File);
        goto Exit;
    }
    Total = (SIZE_T)About.st_size;
    Buffer = malloc(Total != 0 ? Total : 1);
    if (Buffer == NULL) {
        Status = LdrpSay(Reason, Size, STATUS_INSUFFICIENT_RESOURCES, "no memory to read %s", File);
        goto Exit;
    }
    while (Done < Total) {
        ssize_t Got = read(Fd, Buffer + Done, Total - Done);
        if (Got < 0 && errno == EINTR)
            continue;
        if (Got < 0) {
            Status = LdrpSay(Reason, Size, STATUS_UNSUCCESSFUL, "can't read %s: %s", File,
                             strerror(errno));
            goto Exit;
        }
        if (Got == 0)
            break; /* shorter than it was: the checks see it */
        Done += (SIZE_T)Got;
    }
    *Bytes = Buffer;
    *Length = Done;
    Buffer = NULL;
Exit:
    free(Buffer);
    close(Fd);
    return Status;
}

static VOID LdrpReleasePe(PVOID LoaderHandle)
{
    PLDRP_IMAGE Image = LoaderHandle;
    LDRP_PE Pe;
    LdrpUnregisterImage(Image);
    Pe.ImageSize = Image->Size;
    LdrpUnmapPe(&Pe, Image->Base);
    free(Image);
}

NTSTATUS LdrpLoadPe(const VOID *Bytes, SIZE_T Length, const char *Name, IOP_DRIVER_IMAGE *Image,
                    char *Reason, size_t Size)
{
#if !defined(__x86_64__)
    UNREFERENCED_PARAMETER(Bytes);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Image);
    return LdrpSay(Reason, Size, STATUS_IMAGE_MACHINE_TYPE_MISMATCH,
                   "%s: .sys files run on x86-64 only", Name);
#else
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PUCHAR Base = NULL;
    PLDRP_IMAGE Loaded = calloc(1, sizeof(*Loaded));
    PLDRP_PE Pe = malloc(sizeof(*Pe));

    if (Loaded == NULL || Pe == NULL) {
        LdrpSay(Reason, Size, Status, "%s: out of memory", Name);
        goto Exit;
    }
    Status = LdrpCheckPe(Bytes, Length, Pe, Name, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrpMapPe(Pe, &Base, Name, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrpBindImports(Pe, Base, Name, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrpSetSecurityCookie(Pe, Base, Name, Reason, Size);
    if (!NT_SUCCESS(Status))
        goto Exit;
    Status = LdrpProtectPe(Pe, Base);
    if (!NT_SUCCESS(Status)) {
        LdrpSay(Reason, Size, Status, "%s: its sections can't be protected", Name);
        goto Exit;
    }
    strncpy(Loaded->Name, Name, sizeof(Loaded->Name) - 1);
    Loaded->Base = Base;
    Loaded->Size = Pe->ImageSize;
    Status = LdrpRegisterImage(Loaded);
    if (!NT_SUCCESS(Status)) {
        LdrpSay(Reason, Size, Status, "%s: too many drivers are loaded", Name);
        goto Exit;
    }
    Image->LoaderHandle = Loaded;
    Image->ImageBase = Base;
    Image->ImageSize = Pe->ImageSize;
    Image->Entry = (PDRIVER_INITIALIZE)(PVOID)(Base + Pe->Headers.AddressOfEntryPoint);
    Image->Release = LdrpReleasePe;
    Loaded = NULL;
    Base = NULL;
Exit:
    if (Base != NULL)
        LdrpUnmapPe(Pe, Base);
    free(Pe);
    free(Loaded);
    return Status;
#endif
}
