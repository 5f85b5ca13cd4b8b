/* SPDX-License-Identifier: MIT */
/* describe.c - names code addresses: whose they are, and which routine. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "ntio/vf/vf.h"
#include <dlfcn.h>
#include <stdio.h>

static VF_DESCRIBE_IMAGE *_Atomic VfpDescribeImage;

VOID VfSetImageDescriber(VF_DESCRIBE_IMAGE *Describe)
{
    atomic_store(&VfpDescribeImage, Describe);
}

static const char *VfpFileName(const char *Path)
{
    const char *Slash = strrchr(Path, '/');
    return Slash != NULL ? Slash + 1 : Path;
}

VOID VfDescribeAddress(PVOID Address, char *Text, size_t Size)
{
    VF_DESCRIBE_IMAGE *Describe = atomic_load(&VfpDescribeImage);
    Dl_info Info;

    if (Size == 0)
        return;
    if (Describe != NULL && Describe(Address, Text, Size))
        return;
    if (dladdr(Address, &Info) == 0 || Info.dli_fname == NULL) {
        snprintf(Text, Size, "%p", Address);
        return;
    }
    if (Info.dli_sname != NULL)
        snprintf(Text, Size, "%s!%s+0x%zx", VfpFileName(Info.dli_fname), Info.dli_sname,
                 (size_t)((char *)Address - (char *)Info.dli_saddr));
    else
        /* The offset in the file's image, which addr2line takes. */
        snprintf(Text, Size, "%s+0x%zx", VfpFileName(Info.dli_fname),
                 (size_t)((char *)Address - (char *)Info.dli_fbase));
}

BOOLEAN VfIsKernelAddress(PVOID Address)
{
    Dl_info Own, Its;

    return (BOOLEAN)(dladdr((PVOID)(ULONG_PTR)&VfIsKernelAddress, &Own) != 0 &&
                     dladdr(Address, &Its) != 0 && Own.dli_fbase == Its.dli_fbase);
}

BOOLEAN VfIsDriverAddress(PVOID Address)
{
    VF_DESCRIBE_IMAGE *Describe = atomic_load(&VfpDescribeImage);
    char Text[16];
    Dl_info Info;
    const char *Name;
    size_t Length;

    if (Describe != NULL && Describe(Address, Text, sizeof(Text)))
        return TRUE;
    if (VfIsKernelAddress(Address) || dladdr(Address, &Info) == 0 || Info.dli_fname == NULL)
        return FALSE;
    /* A driver is NAME.so; libraries of the host are libNAME.so.N and the dynamic linker ld-*. */
    Name = VfpFileName(Info.dli_fname);
    Length = strlen(Name);
    return (BOOLEAN)(Length > 3 && strcmp(Name + Length - 3, ".so") == 0 &&
                     strncmp(Name, "lib", 3) != 0 && strncmp(Name, "ld-", 3) != 0);
}
