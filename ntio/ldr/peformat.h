/* SPDX-License-Identifier: MIT */
/* peformat.h - the parts of the PE/COFF format (64-bit) that the loader reads. Little-endian,
 * packed by nature. */
#ifndef NTIO_LDR_PEFORMAT_H
#define NTIO_LDR_PEFORMAT_H

#include "ntio/ntos.h"

#define PE_DOS_MAGIC            0x5a4d     /* "MZ" */
#define PE_SIGNATURE            0x00004550 /* "PE\0\0" */
#define PE_MACHINE_AMD64        0x8664
#define PE_MAGIC_64             0x020b
#define PE_SUBSYSTEM_NATIVE     1
#define PE_FILE_RELOCS_STRIPPED 0x0001
#define PE_FILE_EXECUTABLE      0x0002

#define PE_DIRECTORIES            16
#define PE_DIRECTORY_IMPORT       1
#define PE_DIRECTORY_RELOCATION   5
#define PE_DIRECTORY_TLS          9
#define PE_DIRECTORY_LOAD_CONFIG  10
#define PE_DIRECTORY_DELAY_IMPORT 13
#define PE_DIRECTORY_CLR          14

#define PE_SECTION_EXECUTE 0x20000000u
#define PE_SECTION_READ    0x40000000u
#define PE_SECTION_WRITE   0x80000000u

#define PE_RELOCATION_ABSOLUTE 0
#define PE_RELOCATION_DIR64    10

#define PE_IMPORT_BY_ORDINAL 0x8000000000000000ull

typedef struct _PE_DOS_HEADER {
    USHORT Magic;
    UCHAR NotRead[58];
    ULONG NewHeader; /* where PE_HEADERS start in the file */
} PE_DOS_HEADER;
C_ASSERT(sizeof(PE_DOS_HEADER) == 64);

typedef struct _PE_DIRECTORY {
    ULONG Rva, Size;
} PE_DIRECTORY;

typedef struct _PE_HEADERS {
    ULONG Signature;
    USHORT Machine, NumberOfSections;
    ULONG TimeDateStamp, PointerToSymbolTable, NumberOfSymbols;
    USHORT SizeOfOptionalHeader, Characteristics;
    /* the optional header */
    USHORT Magic;
    UCHAR LinkerVersion[2];
    ULONG SizeOfCode, SizeOfInitializedData, SizeOfUninitializedData, AddressOfEntryPoint,
        BaseOfCode;
    ULONGLONG ImageBase;
    ULONG SectionAlignment, FileAlignment;
    USHORT Versions[6];
    ULONG Win32VersionValue, SizeOfImage, SizeOfHeaders, CheckSum;
    USHORT Subsystem, DllCharacteristics;
    ULONGLONG StackAndHeap[4];
    ULONG LoaderFlags, NumberOfRvaAndSizes;
    PE_DIRECTORY Directories[PE_DIRECTORIES]; /* NumberOfRvaAndSizes of them */
} PE_HEADERS;
#define PE_OPTIONAL_HEADER_OFFSET offsetof(PE_HEADERS, Magic)
#define PE_OPTIONAL_HEADER_FIXED  (offsetof(PE_HEADERS, Directories) - PE_OPTIONAL_HEADER_OFFSET)
C_ASSERT(PE_OPTIONAL_HEADER_OFFSET == 24);
C_ASSERT(PE_OPTIONAL_HEADER_FIXED == 112);
C_ASSERT(sizeof(PE_HEADERS) == 264);

typedef struct _PE_SECTION {
    CHAR Name[8];
    ULONG VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData;
    ULONG PointerToRelocations, PointerToLinenumbers;
    USHORT NumberOfRelocations, NumberOfLinenumbers;
    ULONG Characteristics;
} PE_SECTION;
C_ASSERT(sizeof(PE_SECTION) == 40);

typedef struct _PE_RELOCATION_BLOCK {
    ULONG PageRva, Size; /* Size counts this header and the 16-bit entries behind it */
} PE_RELOCATION_BLOCK;

typedef struct _PE_IMPORT_DESCRIPTOR {
    ULONG NameTable; /* RVA of what to import; 0: AddressTable has it until it is bound */
    ULONG TimeDateStamp, ForwarderChain;
    ULONG Module;       /* RVA of the module's name */
    ULONG AddressTable; /* RVA of what the code calls through */
} PE_IMPORT_DESCRIPTOR;
C_ASSERT(sizeof(PE_IMPORT_DESCRIPTOR) == 20);

/* Of the load configuration, whose first ULONG is its size. */
#define PE_LOAD_CONFIG_COOKIE 88 /* ULONGLONG: address of the security cookie */
/* What the cookie is in the file; a driver that finds it so at its start ends itself by int 29h. */
#define PE_DEFAULT_COOKIE 0x00002b992ddfa232ull

#endif
