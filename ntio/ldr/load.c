/* SPDX-License-Identifier: MIT */
/* load.c - the component's beginning and end, and which loader a file is for. */
#include "ntio/ldr/ldrp.h"
#include "ntio/trace/trace.h"

#include <stdio.h>
#include <stdlib.h>

NTSTATUS LdrpSay(char *Reason, size_t Size, NTSTATUS Status, const char *Format, ...)
{
    if (Reason != NULL && Size != 0) {
        va_list Arguments;
        va_start(Arguments, Format);
        vsnprintf(Reason, Size, Format, Arguments);
        va_end(Arguments);
    }
    return Status;
}

NTSTATUS LdrLoadImage(const char *File, IOP_DRIVER_IMAGE *Image, char *Reason, size_t Size)
{
    static const UCHAR ElfMagic[4] = {0x7f, 'E', 'L', 'F'};
    PVOID Bytes = NULL;
    SIZE_T Length;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    memset(Image, 0, sizeof(*Image));
    NTSTATUS Status = LdrpReadFile(File, &Bytes, &Length, Reason, Size);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Length >= 2 && memcmp(Bytes, "MZ", 2) == 0) {
        Status = LdrpLoadPe(Bytes, Length, LdrpBaseName(File), Image, Reason, Size);
    } else if (Length >= sizeof(ElfMagic) && memcmp(Bytes, ElfMagic, sizeof(ElfMagic)) == 0) {
        free(Bytes);
        Bytes = NULL;
        Status = LdrpLoadNative(File, Image, Reason, Size);
    } else {
        Status = LdrpSay(Reason, Size, STATUS_INVALID_IMAGE_FORMAT,
                         "%s is neither a .so nor a .sys", LdrpBaseName(File));
    }
    free(Bytes);
    return Status;
}

/* For the I/O manager and plug and play: a driver that is there already is as good. */
static NTSTATUS LdrpLoadService(const WCHAR *ServiceName, PDRIVER_OBJECT *Driver)
{
    char Reason[512];
    for (ULONG Try = 0; Try < 2; Try++) {
        *Driver = IopFindDriver(ServiceName);
        if (*Driver != NULL)
            return STATUS_SUCCESS;
        NTSTATUS Status = LdrStartService(ServiceName, Reason, sizeof(Reason));
        if (!NT_SUCCESS(Status) && Status != STATUS_IMAGE_ALREADY_LOADED) {
            DbgPrint("ntio: %s\n", Reason);
            return Status;
        }
    }
    *Driver = IopFindDriver(ServiceName);
    return *Driver != NULL ? STATUS_SUCCESS : STATUS_DRIVER_UNABLE_TO_LOAD;
}

NTSTATUS LdrInitializeSystem(VOID)
{
    LdrpInitializeImages();
    VfSetImageDescriber(LdrpDescribeAddress);
    atomic_store(&TraceNameCallout, LdrpNameOfAddress); /* it stays, as the describer does */
    MmpSetFaultRoutine(LdrpHandleFault);
    IopLoadServiceCallout = LdrpLoadService;
    return STATUS_SUCCESS;
}

/* The describer stays: images that stayed loaded, and what unloaded ones left, are named by it
 * until the process ends. */
VOID LdrShutdownSystem(VOID)
{
    IopLoadServiceCallout = NULL;
    MmpSetFaultRoutine(NULL);
    LdrpForgetDirectories();
}
