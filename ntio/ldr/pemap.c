/* SPDX-License-Identifier: MIT */
/* pemap.c - a checked .sys in memory: mapping, relocation, security cookie, protection. */
#include "ntio/ldr/ldrp.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>

/*
 * Adds Delta to every address that the relocations name. An entry that would touch a byte outside
 * the image, or a block that is not whole, refuses the image.
 */
static NTSTATUS LdrpRelocate(PLDRP_PE Pe, PUCHAR Base, const char *Name, char *Reason, size_t Size)
{
    PE_DIRECTORY Directory = Pe->Headers.Directories[PE_DIRECTORY_RELOCATION];
    ULONGLONG Delta = (ULONGLONG)(ULONG_PTR)Base - Pe->Headers.ImageBase;
    const NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    if (Directory.Rva == 0 || Directory.Size == 0)
        return STATUS_SUCCESS; /* position-independent throughout */
    PUCHAR Table = LdrpAt(Pe, Base, Directory.Rva, Directory.Size);
    if (Table == NULL)
        return LdrpSay(Reason, Size, Bad, "%s: its relocations lie outside the image", Name);
    for (ULONG Offset = 0; Directory.Size - Offset >= sizeof(PE_RELOCATION_BLOCK);) {
        PE_RELOCATION_BLOCK Block;
        memcpy(&Block, Table + Offset, sizeof(Block));
        if (Block.Size < sizeof(Block) || Block.Size % 2 != 0 ||
            Block.Size > Directory.Size - Offset)
            return LdrpSay(Reason, Size, Bad, "%s: a block of relocations is damaged", Name);
        for (ULONG At = sizeof(Block); At < Block.Size; At += 2) {
            USHORT Entry;
            ULONGLONG Value;
            memcpy(&Entry, Table + Offset + At, sizeof(Entry));
            if (Entry >> 12 == PE_RELOCATION_ABSOLUTE)
                continue; /* padding */
            if (Entry >> 12 != PE_RELOCATION_DIR64)
                return LdrpSay(Reason, Size, Bad, "%s has a relocation of type %u", Name,
                               Entry >> 12);
            PUCHAR Target = LdrpAt(Pe, Base, (ULONGLONG)Block.PageRva + (Entry & 0xfff), 8);
            if (Target == NULL)
                return LdrpSay(Reason, Size, Bad, "%s: a relocation points outside the image",
                               Name);
            memcpy(&Value, Target, 8);
            Value += Delta;
            memcpy(Target, &Value, 8);
        }
        Offset += Block.Size;
    }
    return STATUS_SUCCESS;
}

NTSTATUS LdrpMapPe(PLDRP_PE Pe, PUCHAR *Base, const char *Name, char *Reason, size_t Size)
{
    PUCHAR Image =
        mmap(NULL, Pe->ImageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (Image == MAP_FAILED)
        return LdrpSay(Reason, Size, STATUS_INSUFFICIENT_RESOURCES, "%s: no memory for its image",
                       Name);
    memcpy(Image, Pe->File, Pe->Headers.SizeOfHeaders);
    for (ULONG i = 0; i < Pe->Headers.NumberOfSections; i++) {
        const PE_SECTION *Section = &Pe->Sections[i];
        ULONG Bytes = Section->SizeOfRawData;
        if (Bytes > Section->VirtualSize)
            Bytes = Section->VirtualSize; /* the rest pads the file */
        if (Bytes != 0)
            memcpy(Image + Section->VirtualAddress, Pe->File + Section->PointerToRawData, Bytes);
    }
    NTSTATUS Status = LdrpRelocate(Pe, Image, Name, Reason, Size);
    if (!NT_SUCCESS(Status)) {
        LdrpUnmapPe(Pe, Image);
        return Status;
    }
    *Base = Image;
    return STATUS_SUCCESS;
}

VOID LdrpUnmapPe(PLDRP_PE Pe, PUCHAR Base)
{
    munmap(Base, Pe->ImageSize);
}

NTSTATUS LdrpSetSecurityCookie(PLDRP_PE Pe, PUCHAR Base, const char *Name, char *Reason,
                               size_t Size)
{
    PE_DIRECTORY Directory = Pe->Headers.Directories[PE_DIRECTORY_LOAD_CONFIG];
    ULONG ConfigSize;
    ULONGLONG Address, Cookie;

    if (Directory.Rva == 0)
        return STATUS_SUCCESS;
    PUCHAR Config = LdrpAt(Pe, Base, Directory.Rva, sizeof(ConfigSize));
    if (Config == NULL)
        goto Outside;
    memcpy(&ConfigSize, Config, sizeof(ConfigSize));
    if (ConfigSize < PE_LOAD_CONFIG_COOKIE + sizeof(Address))
        return STATUS_SUCCESS; /* of a time before cookies */
    if (LdrpAt(Pe, Base, Directory.Rva, PE_LOAD_CONFIG_COOKIE + sizeof(Address)) == NULL)
        goto Outside;
    memcpy(&Address, Config + PE_LOAD_CONFIG_COOKIE, sizeof(Address));
    if (Address == 0)
        return STATUS_SUCCESS;
    /* The address has been relocated with the rest. */
    if (Address < (ULONG_PTR)Base)
        goto Outside;
    PUCHAR Target = LdrpAt(Pe, Base, Address - (ULONG_PTR)Base, sizeof(Cookie));
    if (Target == NULL)
        goto Outside;
    /* As Windows does on x64: the upper 16 bits stay clear, so that no string operation can write
     * it whole. */
    do {
        if (getrandom(&Cookie, sizeof(Cookie), 0) != (ssize_t)sizeof(Cookie)) {
            if (errno == EINTR)
                continue;
            return LdrpSay(Reason, Size, STATUS_UNSUCCESSFUL, "%s: no random number for its cookie",
                           Name);
        }
        Cookie &= 0x0000ffffffffffffull;
    } while (Cookie == 0 || Cookie == PE_DEFAULT_COOKIE);
    memcpy(Target, &Cookie, sizeof(Cookie));
    return STATUS_SUCCESS;

Outside:
    return LdrpSay(Reason, Size, STATUS_INVALID_IMAGE_FORMAT,
                   "%s: its load configuration points outside the image", Name);
}

NTSTATUS LdrpProtectPe(PLDRP_PE Pe, PUCHAR Base)
{
    if (mprotect(Base, Pe->ImageSize, PROT_NONE) != 0 ||
        mprotect(Base, Pe->Headers.SizeOfHeaders, PROT_READ) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < Pe->Headers.NumberOfSections; i++) {
        const PE_SECTION *Section = &Pe->Sections[i];
        int Protection = PROT_NONE;
        if (Section->Characteristics & PE_SECTION_READ)
            Protection |= PROT_READ;
        if (Section->Characteristics & PE_SECTION_WRITE)
            Protection |= PROT_READ | PROT_WRITE;
        if (Section->Characteristics & PE_SECTION_EXECUTE)
            Protection |= PROT_READ | PROT_EXEC;
        if (Section->VirtualSize != 0 &&
            mprotect(Base + Section->VirtualAddress, Section->VirtualSize, Protection) != 0)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}
