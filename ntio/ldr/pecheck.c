/* SPDX-License-Identifier: MIT */
/*
 * pecheck.c - headers and section table of a .sys, checked once, here; what comes after relies on
 * it. Microsoft's "PE Format" page names the fields. Where Windows would load what is refused here
 * (low section alignment, overlapping headers), no driver of the last twenty years is built so.
 */
#include "ntio/ldr/ldrp.h"

#define LDRP_PAGE 4096u

static NTSTATUS LdrpCheckHeaders(PLDRP_PE Pe, ULONG *SectionTable, const char *Name, char *Reason,
                                 size_t Size)
{
    PE_DOS_HEADER Dos;
    PE_HEADERS *Headers = &Pe->Headers;
    const NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    if (Pe->FileSize < sizeof(Dos))
        return LdrpSay(Reason, Size, Bad, "%s is too short for a driver", Name);
    memcpy(&Dos, Pe->File, sizeof(Dos));
    if (Dos.Magic != PE_DOS_MAGIC)
        return LdrpSay(Reason, Size, STATUS_INVALID_IMAGE_NOT_MZ, "%s is not a PE file", Name);
    ULONGLONG Fixed = PE_OPTIONAL_HEADER_OFFSET + PE_OPTIONAL_HEADER_FIXED;
    if (Dos.NewHeader < sizeof(Dos) || Dos.NewHeader % 4 != 0 || Dos.NewHeader > Pe->FileSize ||
        Pe->FileSize - Dos.NewHeader < Fixed)
        return LdrpSay(Reason, Size, Bad, "%s: its PE header lies outside the file", Name);
    memcpy(Headers, Pe->File + Dos.NewHeader, Fixed);
    if (Headers->Signature != PE_SIGNATURE)
        return LdrpSay(Reason, Size, Bad, "%s has no PE signature", Name);
    if (Headers->Machine != PE_MACHINE_AMD64)
        return LdrpSay(Reason, Size, Bad,
                       "%s is for another processor (machine 0x%04x, not 0x8664)", Name,
                       Headers->Machine);
    if (Headers->Magic != PE_MAGIC_64)
        return LdrpSay(Reason, Size, Bad, "%s is not a 64-bit image (magic 0x%04x)", Name,
                       Headers->Magic);
    if (!(Headers->Characteristics & PE_FILE_EXECUTABLE))
        return LdrpSay(Reason, Size, Bad, "%s was not linked completely", Name);
    if (Headers->Characteristics & PE_FILE_RELOCS_STRIPPED)
        return LdrpSay(Reason, Size, Bad, "%s has no relocations", Name);
    if (Headers->Subsystem != PE_SUBSYSTEM_NATIVE)
        return LdrpSay(Reason, Size, Bad, "%s is not a driver: its subsystem is %u, not native",
                       Name, Headers->Subsystem);

    ULONG Directories = Headers->NumberOfRvaAndSizes;
    if (Directories > PE_DIRECTORIES ||
        Headers->SizeOfOptionalHeader <
            PE_OPTIONAL_HEADER_FIXED + Directories * sizeof(PE_DIRECTORY))
        return LdrpSay(Reason, Size, Bad, "%s: its optional header is too short for %u directories",
                       Name, Directories);
    ULONGLONG Table =
        (ULONGLONG)Dos.NewHeader + PE_OPTIONAL_HEADER_OFFSET + Headers->SizeOfOptionalHeader;
    if (Headers->NumberOfSections == 0 || Headers->NumberOfSections > LDRP_SECTION_MAXIMUM)
        return LdrpSay(Reason, Size, Bad, "%s claims %u sections", Name, Headers->NumberOfSections);
    ULONGLONG TableEnd = Table + Headers->NumberOfSections * sizeof(PE_SECTION);
    if (TableEnd > Pe->FileSize)
        return LdrpSay(Reason, Size, Bad, "%s: its section table lies outside the file", Name);
    memcpy(Headers->Directories, Pe->File + Dos.NewHeader + Fixed,
           Directories * sizeof(PE_DIRECTORY));
    memcpy(Pe->Sections, Pe->File + Table, Headers->NumberOfSections * sizeof(PE_SECTION));
    *SectionTable = (ULONG)TableEnd;
    return STATUS_SUCCESS;
}

static BOOLEAN LdrpIsPowerOfTwo(ULONG Value)
{
    return Value != 0 && (Value & (Value - 1)) == 0;
}

static NTSTATUS LdrpCheckSizes(PLDRP_PE Pe, ULONG SectionTableEnd, const char *Name, char *Reason,
                               size_t Size)
{
    PE_HEADERS *Headers = &Pe->Headers;
    const NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    if (!LdrpIsPowerOfTwo(Headers->SectionAlignment) || Headers->SectionAlignment < LDRP_PAGE ||
        Headers->SectionAlignment > LDRP_IMAGE_MAXIMUM)
        return LdrpSay(Reason, Size, Bad, "%s: section alignment %u is not supported", Name,
                       Headers->SectionAlignment);
    if (!LdrpIsPowerOfTwo(Headers->FileAlignment) || Headers->FileAlignment < 512 ||
        Headers->FileAlignment > Headers->SectionAlignment)
        return LdrpSay(Reason, Size, Bad, "%s: file alignment %u is not supported", Name,
                       Headers->FileAlignment);
    if (Headers->SizeOfImage == 0 || Headers->SizeOfImage > LDRP_IMAGE_MAXIMUM)
        return LdrpSay(Reason, Size, Bad, "%s claims an image of %u bytes", Name,
                       Headers->SizeOfImage);
    Pe->ImageSize = (Headers->SizeOfImage + LDRP_PAGE - 1) & ~(LDRP_PAGE - 1);
    if (Headers->SizeOfHeaders < SectionTableEnd || Headers->SizeOfHeaders > Pe->FileSize ||
        Headers->SizeOfHeaders > Pe->ImageSize)
        return LdrpSay(Reason, Size, Bad, "%s claims headers of %u bytes", Name,
                       Headers->SizeOfHeaders);
    return STATUS_SUCCESS;
}

static NTSTATUS LdrpCheckSections(PLDRP_PE Pe, const char *Name, char *Reason, size_t Size)
{
    PE_HEADERS *Headers = &Pe->Headers;
    const NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    ULONGLONG End = Headers->SizeOfHeaders;
    BOOLEAN EntryFound = FALSE;

    for (ULONG i = 0; i < Headers->NumberOfSections; i++) {
        PE_SECTION *Section = &Pe->Sections[i];
        if (Section->VirtualSize == 0)
            Section->VirtualSize = Section->SizeOfRawData;
        if (Section->VirtualAddress % Headers->SectionAlignment != 0 ||
            Section->VirtualAddress < End)
            return LdrpSay(Reason, Size, Bad, "%s: section %u overlaps what stands before it", Name,
                           i);
        End = (ULONGLONG)Section->VirtualAddress + Section->VirtualSize;
        if (End > Pe->ImageSize)
            return LdrpSay(Reason, Size, Bad, "%s: section %u lies outside the image", Name, i);
        if (Section->SizeOfRawData != 0 &&
            (ULONGLONG)Section->PointerToRawData + Section->SizeOfRawData > Pe->FileSize)
            return LdrpSay(Reason, Size, Bad, "%s: section %u lies outside the file", Name, i);
        if ((Section->Characteristics & PE_SECTION_EXECUTE) &&
            Headers->AddressOfEntryPoint >= Section->VirtualAddress &&
            Headers->AddressOfEntryPoint < End)
            EntryFound = TRUE;
    }
    if (!EntryFound)
        return LdrpSay(Reason, Size, Bad, "%s: its entry point is not in its code", Name);
    return STATUS_SUCCESS;
}

static NTSTATUS LdrpCheckDirectories(PLDRP_PE Pe, const char *Name, char *Reason, size_t Size)
{
    static const struct {
        ULONG Directory;
        const char *What;
    } NotForDrivers[] = {
        {PE_DIRECTORY_TLS, "thread-local storage"},
        {PE_DIRECTORY_DELAY_IMPORT, "delayed imports"},
        {PE_DIRECTORY_CLR, "managed code"},
    };
    for (ULONG i = 0; i < RTL_NUMBER_OF(NotForDrivers); i++) {
        if (Pe->Headers.Directories[NotForDrivers[i].Directory].Rva != 0)
            return LdrpSay(Reason, Size, STATUS_INVALID_IMAGE_FORMAT,
                           "%s has %s, which a driver may not have", Name, NotForDrivers[i].What);
    }
    return STATUS_SUCCESS;
}

NTSTATUS LdrpCheckPe(const VOID *File, SIZE_T FileSize, PLDRP_PE Pe, const char *Name, char *Reason,
                     size_t Size)
{
    ULONG SectionTableEnd = 0;
    memset(Pe, 0, sizeof(*Pe));
    Pe->File = File;
    Pe->FileSize = FileSize;
    NTSTATUS Status = LdrpCheckHeaders(Pe, &SectionTableEnd, Name, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrpCheckSizes(Pe, SectionTableEnd, Name, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrpCheckSections(Pe, Name, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrpCheckDirectories(Pe, Name, Reason, Size);
    return Status;
}
