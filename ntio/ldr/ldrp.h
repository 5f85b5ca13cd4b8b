/* SPDX-License-Identifier: MIT */
/* ldrp.h - what the files of the loader share. */
#ifndef NTIO_LDR_LDRP_H
#define NTIO_LDR_LDRP_H

#include "ntio/ldr/ldr.h"
#include "ntio/ldr/peformat.h"

/* No driver comes near these; what claims more is damaged. */
#define LDRP_IMAGE_MAXIMUM   (256u << 20)
#define LDRP_SECTION_MAXIMUM 96
#define LDRP_IMPORT_MAXIMUM  65536

/* A loaded image: what IOP_DRIVER_IMAGE.LoaderHandle points to. On the host's heap: not a driver's.
 */
typedef struct _LDRP_IMAGE {
    CHAR Name[64]; /* the file's last part */
    PUCHAR Base;
    ULONG Size;
    BOOLEAN Native;
    PVOID DlHandle; /* a native one's */
} LDRP_IMAGE, *PLDRP_IMAGE;

/* One sentence into Reason (which may be NULL): lower case, without a full stop. Always returns
 * Status. */
NTSTATUS LdrpSay(char *Reason, size_t Size, NTSTATUS Status, const char *Format, ...)
    __attribute__((format(printf, 4, 5)));

/* The last part of a path. */
const char *LdrpBaseName(const char *Path);

/* ---- native.c ---- */
NTSTATUS LdrpLoadNative(const char *File, IOP_DRIVER_IMAGE *Image, char *Reason, size_t Size);

/* ---- pecheck.c: what a file says of itself, checked ---- */
typedef struct _LDRP_PE {
    const UCHAR *File;
    SIZE_T FileSize;
    PE_HEADERS Headers; /* directories that the file has not are zero */
    PE_SECTION Sections[LDRP_SECTION_MAXIMUM];
    ULONG ImageSize; /* SizeOfImage in whole pages */
} LDRP_PE, *PLDRP_PE;
/*
 * Fills Pe from the bytes of a file, which must stay while Pe is used. On success every section
 * lies inside file and image, sections ascend without overlapping, and the entry point is in an
 * executable one. STATUS_INVALID_IMAGE_FORMAT, STATUS_INVALID_IMAGE_NOT_MZ,
 * STATUS_IMAGE_MACHINE_TYPE_MISMATCH as an error.
 */
NTSTATUS LdrpCheckPe(const VOID *File, SIZE_T FileSize, PLDRP_PE Pe, const char *Name, char *Reason,
                     size_t Size);

/* ---- pemap.c: an image in memory ---- */
/* Maps Pe (readable and writable), relocated to where it lies. LdrpUnmapPe undoes it. */
NTSTATUS LdrpMapPe(PLDRP_PE Pe, PUCHAR *Base, const char *Name, char *Reason, size_t Size);
VOID LdrpUnmapPe(PLDRP_PE Pe, PUCHAR Base);
/* Gives a random value to the security cookie, if the image has one. */
NTSTATUS LdrpSetSecurityCookie(PLDRP_PE Pe, PUCHAR Base, const char *Name, char *Reason,
                               size_t Size);
/* Each section as its characteristics say; headers read-only; gaps inaccessible. */
NTSTATUS LdrpProtectPe(PLDRP_PE Pe, PUCHAR Base);
/* Length bytes at Rva of a mapped image, or NULL where they are not all inside it. */
static inline PVOID LdrpAt(PLDRP_PE Pe, PUCHAR Base, ULONGLONG Rva, ULONGLONG Length)
{
    if (Rva > Pe->ImageSize || Length > Pe->ImageSize - Rva)
        return NULL;
    return Base + Rva;
}

/* ---- peimport.c ---- */
/*
 * Called for each name that a mapped image imports: Slot is where the address belongs. A Name of
 * NULL is an import by ordinal (Ordinal). FALSE stops the walk.
 */
typedef BOOLEAN LDRP_IMPORT_ROUTINE(const char *Module, const char *Name, USHORT Ordinal,
                                    PVOID Slot, PVOID Context);
NTSTATUS LdrpWalkImports(PLDRP_PE Pe, PUCHAR Base, LDRP_IMPORT_ROUTINE *Each, PVOID Context,
                         const char *File, char *Reason, size_t Size);
/* Binds all of them; those that are missing are named in one sentence:
 * STATUS_DRIVER_ENTRYPOINT_NOT_FOUND. */
NTSTATUS LdrpBindImports(PLDRP_PE Pe, PUCHAR Base, const char *File, char *Reason, size_t Size);

/* ---- pe.c ---- */
/* The whole of it, from a file's bytes to an image that may be called. Bytes may go afterwards. */
NTSTATUS LdrpLoadPe(const VOID *Bytes, SIZE_T Length, const char *Name, IOP_DRIVER_IMAGE *Image,
                    char *Reason, size_t Size);
/* All bytes of File, malloc'ed. */
NTSTATUS LdrpReadFile(const char *File, PVOID *Bytes, SIZE_T *Length, char *Reason, size_t Size);

/* ---- images.c: which addresses belong to which image ---- */
VOID LdrpInitializeImages(VOID);
/* STATUS_INSUFFICIENT_RESOURCES where the table is full. */
NTSTATUS LdrpRegisterImage(PLDRP_IMAGE Image);
/* The image goes; its name and range stay known as unloaded, as in a Windows crash dump. */
VOID LdrpUnregisterImage(PLDRP_IMAGE Image);
/* Whether Address is in a PE image's range. No lock: for the fault routine. */
BOOLEAN LdrpIsInPeImage(ULONG_PTR Address);
BOOLEAN LdrpDescribeAddress(PVOID Address, char *Text, size_t Size);
BOOLEAN LdrpNameOfAddress(PVOID Address, char *Name, size_t Size); /* a TRACE_NAME_ROUTINE */

/* ---- fault.c ---- */
MMP_FAULT_ROUTINE LdrpHandleFault;
/* The general registers in the order of their encoding, as indices of a context's gregs. */
extern const UCHAR LdrpRegisters[16];

/* ---- shared.c ---- */
/*
 * A load from KUSER_SHARED_DATA at Address that faulted in the instruction at Code is carried out
 * on Registers (gregs), RIP past it. FALSE: another address, or another instruction.
 */
BOOLEAN LdrpReadShared(ULONG_PTR Address, const UCHAR *Code, LONGLONG *Registers);

/* ---- path.c: where drivers' files are ---- */
/*
 * The file of a service: ImagePath as in the registry (NULL: none), Name the service's. Path gets a
 * path with a slash. STATUS_OBJECT_NAME_NOT_FOUND, with Reason.
 */
NTSTATUS LdrpFindFile(const char *ImagePath, const char *Name, char *Path, size_t PathSize,
                      char *Reason, size_t Size);
VOID LdrpForgetDirectories(VOID);

#endif
