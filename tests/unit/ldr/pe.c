/* SPDX-License-Identifier: MIT */
/*
 * pe.c - the PE loader on two drivers of mingw-w64 and on thousands of damaged copies of them.
 * Nothing of a damaged copy is run: it is refused with a sentence, or it is mapped and every
 * address that it gave lies inside its image.
 *
 * Arguments: hello_io.sys and peprobe.sys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "ntio.h"
#include "ntio/ldr/ldrp.h"
#include <cmocka.h>

typedef struct _FILE_BYTES {
    UCHAR *Bytes;
    SIZE_T Length;
} FILE_BYTES;

static const char *Paths[2]; /* NULL: mingw-w64 is not there */

static FILE_BYTES Read(ULONG Index)
{
    FILE_BYTES File = {0};
    char Reason[256] = "";
    if (Paths[Index] == NULL)
        skip();
    PVOID Bytes;
    if (!NT_SUCCESS(LdrpReadFile(Paths[Index], &Bytes, &File.Length, Reason, sizeof(Reason))))
        fail_msg("%s", Reason);
    File.Bytes = Bytes;
    return File;
}

static PE_HEADERS *Headers(FILE_BYTES *File)
{
    return (PE_HEADERS *)(File->Bytes + ((PE_DOS_HEADER *)File->Bytes)->NewHeader);
}

static PE_SECTION *Sections(FILE_BYTES *File)
{
    PE_HEADERS *Pe = Headers(File);
    return (PE_SECTION *)((PUCHAR)Pe + PE_OPTIONAL_HEADER_OFFSET + Pe->SizeOfOptionalHeader);
}

/* Where Text stands in the file. */
static SIZE_T Find(FILE_BYTES *File, const char *Text)
{
    SIZE_T Length = strlen(Text);
    for (SIZE_T i = 0; i + Length <= File->Length; i++) {
        if (memcmp(File->Bytes + i, Text, Length) == 0)
            return i;
    }
    fail_msg("'%s' is not in the file", Text);
    return 0;
}

static ULONG RvaOf(FILE_BYTES *File, SIZE_T Offset)
{
    for (ULONG i = 0; i < Headers(File)->NumberOfSections; i++) {
        PE_SECTION *Section = &Sections(File)[i];
        if (Offset >= Section->PointerToRawData &&
            Offset < (SIZE_T)Section->PointerToRawData + Section->SizeOfRawData)
            return (ULONG)(Offset - Section->PointerToRawData) + Section->VirtualAddress;
    }
    fail_msg("offset %llu is in no section", Offset);
    return 0;
}

/* Loads a copy of exactly Length bytes, so that a sanitizer sees a read behind it; TRUE if it was
 * mapped. */
static BOOLEAN TryLoad(const UCHAR *Bytes, SIZE_T Length, NTSTATUS *StatusOut, char *Reason,
                       size_t Size)
{
    IOP_DRIVER_IMAGE Image = {0};
    UCHAR *Copy = malloc(Length != 0 ? Length : 1);
    assert_non_null(Copy);
    memcpy(Copy, Bytes, Length);
    Reason[0] = '\0';
    NTSTATUS Status = LdrpLoadPe(Copy, Length, "damaged.sys", &Image, Reason, Size);
    free(Copy);
    *StatusOut = Status;
    if (!NT_SUCCESS(Status)) {
        assert_true(strncmp(Reason, "damaged.sys", 11) == 0); /* a sentence about this file */
        assert_true(Reason[strlen(Reason) - 1] != '.');
        return FALSE;
    }
    ULONG_PTR Base = (ULONG_PTR)Image.ImageBase, Entry = (ULONG_PTR)Image.Entry;
    assert_true(Entry >= Base && Entry < Base + Image.ImageSize);
    assert_true(LdrpIsInPeImage(Entry));
    char Where[128];
    assert_true(LdrpDescribeAddress((PVOID)Entry, Where, sizeof(Where)));
    assert_true(strncmp(Where, "damaged.sys+0x", 14) == 0);
    Image.Release(Image.LoaderHandle);
    assert_false(LdrpIsInPeImage(Entry));
    return TRUE;
}

static ULONGLONG Random(ULONGLONG *State)
{
    *State ^= *State << 13;
    *State ^= *State >> 7;
    *State ^= *State << 17;
    return *State;
}

static void loads_whole_files(void **state)
{
    (void)state;
    for (ULONG i = 0; i < 2; i++) {
        FILE_BYTES File = Read(i);
        char Reason[512];
        NTSTATUS Status;
        if (!TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)))
            fail_msg("%s: %s", Paths[i], Reason);
        free(File.Bytes);
    }
}

static void refuses_every_cut(void **state)
{
    (void)state;
    FILE_BYTES File = Read(0);
    char Reason[512];
    NTSTATUS Status;
    SIZE_T NeededEnd = Headers(&File)->SizeOfHeaders;
    for (ULONG i = 0; i < Headers(&File)->NumberOfSections; i++) {
        PE_SECTION *Section = &Sections(&File)[i];
        SIZE_T End = (SIZE_T)Section->PointerToRawData + Section->SizeOfRawData;
        if (Section->SizeOfRawData != 0 && End > NeededEnd)
            NeededEnd = End;
    }
    ULONG Cuts = 0;
    for (SIZE_T Length = 0; Length < NeededEnd; Length += Length < 1024 ? 1 : 509) {
        if (TryLoad(File.Bytes, Length, &Status, Reason, sizeof(Reason)))
            fail_msg("%llu of %llu bytes were loaded", Length, File.Length);
        Cuts++;
    }
    assert_true(Cuts > 1000);
    free(File.Bytes);
}

/* Each ULONG of headers and section table in turn takes values that arithmetic trips over. */
static void survives_odd_header_fields(void **state)
{
    static const ULONG Values[] = {0,          1,          2,          3,
                                   0xfff,      0x1000,     0x7fffffff, 0x80000000,
                                   0xffff0000, 0xfffff000, 0xfffffffc, 0xffffffff};
    (void)state;
    for (ULONG Which = 0; Which < 2; Which++) {
        FILE_BYTES File = Read(Which);
        ULONG End = Headers(&File)->SizeOfHeaders, Loaded = 0, Refused = 0;
        char Reason[512];
        NTSTATUS Status;
        for (ULONG Offset = 60; Offset + 4 <= End && Offset < 1024; Offset += 4) {
            for (ULONG i = 0; i < RTL_NUMBER_OF(Values); i++) {
                ULONG Kept;
                memcpy(&Kept, File.Bytes + Offset, 4);
                memcpy(File.Bytes + Offset, &Values[i], 4);
                if (TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)))
                    Loaded++;
                else
                    Refused++;
                memcpy(File.Bytes + Offset, &Kept, 4);
            }
        }
        assert_true(Refused > 200);
        assert_true(Loaded > 200); /* time stamps, versions: most fields do no harm */
        free(File.Bytes);
    }
}

/* Bits flipped where the loader reads: headers, imports, relocations. */
static void survives_flipped_bits(void **state)
{
    (void)state;
    ULONGLONG Seed = 0x9e3779b97f4a7c15ull;
    for (ULONG Which = 0; Which < 2; Which++) {
        FILE_BYTES File = Read(Which);
        char Reason[512];
        NTSTATUS Status;
        UCHAR *Copy = malloc(File.Length);
        assert_non_null(Copy);
        struct {
            ULONG Start, Length;
        } Ranges[3] = {{0, Headers(&File)->SizeOfHeaders}};
        ULONG Count = 1;
        for (ULONG i = 0; i < Headers(&File)->NumberOfSections; i++) {
            PE_SECTION *Section = &Sections(&File)[i];
            if (memcmp(Section->Name, ".idata", 6) == 0 ||
                memcmp(Section->Name, ".reloc", 6) == 0) {
                Ranges[Count].Start = Section->PointerToRawData;
                Ranges[Count++].Length = Section->VirtualSize;
            }
        }
        assert_int_equal(Count, Which == 0 ? 2 : 3);
        for (ULONG Round = 0; Round < 1500; Round++) {
            memcpy(Copy, File.Bytes, File.Length);
            ULONG Flips = 1 + (ULONG)(Random(&Seed) % 4);
            ULONG Range = Round % Count;
            for (ULONG i = 0; i < Flips; i++)
                Copy[Ranges[Range].Start + Random(&Seed) % Ranges[Range].Length] ^=
                    (UCHAR)(1u << Random(&Seed) % 8);
            TryLoad(Copy, File.Length, &Status, Reason, sizeof(Reason));
        }
        free(Copy);
        free(File.Bytes);
    }
}

static void refuses_with_the_right_sentence(void **state)
{
    (void)state;
    FILE_BYTES File = Read(0);
    char Reason[512];
    NTSTATUS Status;
    PE_HEADERS *Pe = Headers(&File);
#define REFUSED(field, value, status, text)                                                        \
    do {                                                                                           \
        __typeof__(field) Kept_ = (field);                                                         \
        (field) = (value);                                                                         \
        assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));           \
        (field) = Kept_;                                                                           \
        assert_int_equal(Status, (status));                                                        \
        if (strstr(Reason, (text)) == NULL)                                                        \
            fail_msg("'%s' does not say '%s'", Reason, (text));                                    \
    } while (0)

    REFUSED(File.Bytes[0], 'X', STATUS_INVALID_IMAGE_NOT_MZ, "not a PE file");
    REFUSED(Pe->Signature, 0, STATUS_INVALID_IMAGE_FORMAT, "signature");
    REFUSED(Pe->Machine, 0x14c, STATUS_INVALID_IMAGE_FORMAT, "another processor");
    REFUSED(Pe->Magic, 0x10b, STATUS_INVALID_IMAGE_FORMAT, "not a 64-bit image");
    REFUSED(Pe->Subsystem, 3, STATUS_INVALID_IMAGE_FORMAT, "not native");
    REFUSED(Pe->Characteristics, (USHORT)(Pe->Characteristics | 1), STATUS_INVALID_IMAGE_FORMAT,
            "no relocations");
    REFUSED(Pe->NumberOfSections, 97, STATUS_INVALID_IMAGE_FORMAT, "97 sections");
    REFUSED(Pe->SizeOfImage, 0x20000000, STATUS_INVALID_IMAGE_FORMAT, "image of");
    REFUSED(Pe->SizeOfImage, 0x1000, STATUS_INVALID_IMAGE_FORMAT, "outside the image");
    REFUSED(Pe->SizeOfHeaders, 16, STATUS_INVALID_IMAGE_FORMAT, "headers of 16 bytes");
    REFUSED(Pe->SectionAlignment, 512, STATUS_INVALID_IMAGE_FORMAT, "section alignment");
    REFUSED(Pe->FileAlignment, 3, STATUS_INVALID_IMAGE_FORMAT, "file alignment");
    REFUSED(Pe->AddressOfEntryPoint, 0, STATUS_INVALID_IMAGE_FORMAT, "entry point");
    REFUSED(Pe->NumberOfRvaAndSizes, 17, STATUS_INVALID_IMAGE_FORMAT, "17 directories");
    REFUSED(Pe->Directories[PE_DIRECTORY_TLS].Rva, 0x1000, STATUS_INVALID_IMAGE_FORMAT,
            "thread-local storage");
    REFUSED(Pe->Directories[PE_DIRECTORY_IMPORT].Rva, Pe->SizeOfImage - 8,
            STATUS_INVALID_IMAGE_FORMAT, "import table");
    REFUSED(Sections(&File)[0].PointerToRawData, (ULONG)File.Length, STATUS_INVALID_IMAGE_FORMAT,
            "outside the file");
    REFUSED(Sections(&File)[1].VirtualAddress, Sections(&File)[0].VirtualAddress,
            STATUS_INVALID_IMAGE_FORMAT, "overlaps");
#undef REFUSED
    free(File.Bytes);
}

static void names_all_missing_imports_at_once(void **state)
{
    (void)state;
    FILE_BYTES File = Read(0);
    char Reason[512];
    NTSTATUS Status;
    File.Bytes[Find(&File, "IoCreateDevice")] = 'X';
    File.Bytes[Find(&File, "RtlInitUnicodeString")] = 'X';
    assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
    assert_int_equal(Status, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_string_equal(Reason,
                        "damaged.sys imports what is not there: from ntoskrnl.exe XoCreateDevice, "
                        "XtlInitUnicodeString");
    /* As much as there is room for, and how many more. */
    assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, 100));
    assert_string_equal(
        Reason,
        "damaged.sys imports what is not there: from ntoskrnl.exe XoCreateDevice and 1 more");
    free(File.Bytes);
}

static void names_a_missing_module(void **state)
{
    (void)state;
    FILE_BYTES File = Read(0);
    char Reason[1024];
    NTSTATUS Status;
    memcpy(File.Bytes + Find(&File, "ntoskrnl.exe"), "storport.sys", 12);
    assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
    assert_int_equal(Status, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_non_null(strstr(Reason, "from storport.sys "));
    assert_non_null(strstr(Reason, "IofCompleteRequest"));
    free(File.Bytes);
}

static void refuses_an_import_by_ordinal(void **state)
{
    (void)state;
    FILE_BYTES File = Read(0);
    char Reason[512];
    NTSTATUS Status;
    /* The name table's entry that leads to IoCreateDevice. */
    ULONGLONG Entry = RvaOf(&File, Find(&File, "IoCreateDevice")) - 2,
              ByOrdinal = PE_IMPORT_BY_ORDINAL | 7;
    ULONG Found = 0;
    for (SIZE_T i = 0; i + 8 <= File.Length; i += 8) {
        if (memcmp(File.Bytes + i, &Entry, 8) == 0) {
            memcpy(File.Bytes + i, &ByOrdinal, 8);
            Found++;
        }
    }
    assert_int_equal(Found, 2); /* name table and address table */
    assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
    assert_int_equal(Status, STATUS_DRIVER_ORDINAL_NOT_FOUND);
    assert_non_null(strstr(Reason, "from ntoskrnl.exe ordinal 7"));
    free(File.Bytes);
}

static void sets_the_security_cookie(void **state)
{
    (void)state;
    FILE_BYTES File = Read(1);
    char Reason[512] = "";
    ULONG Config = RvaOf(&File, Find(&File, "ntio-loadconfig")) + 16;
    Headers(&File)->Directories[PE_DIRECTORY_LOAD_CONFIG] = (PE_DIRECTORY){Config, 112};
    ULONGLONG Cookies[2];
    for (ULONG i = 0; i < 2; i++) {
        IOP_DRIVER_IMAGE Image;
        if (!NT_SUCCESS(
                LdrpLoadPe(File.Bytes, File.Length, "peprobe.sys", &Image, Reason, sizeof(Reason))))
            fail_msg("%s", Reason);
        ULONGLONG *At = *(ULONGLONG **)((PUCHAR)Image.ImageBase + Config + PE_LOAD_CONFIG_COOKIE);
        assert_true((ULONG_PTR)At >= (ULONG_PTR)Image.ImageBase &&
                    (ULONG_PTR)At < (ULONG_PTR)Image.ImageBase + Image.ImageSize);
        Cookies[i] = *At;
        Image.Release(Image.LoaderHandle);
        assert_true(Cookies[i] != 0 && Cookies[i] != PE_DEFAULT_COOKIE && Cookies[i] >> 48 == 0);
    }
    assert_true(Cookies[0] != Cookies[1]);

    /* A cookie outside the image refuses it. */
    NTSTATUS Status;
    SIZE_T Offset = Find(&File, "ntio-loadconfig") + 16 + PE_LOAD_CONFIG_COOKIE;
    ULONGLONG Outside = Headers(&File)->ImageBase + Headers(&File)->SizeOfImage + 4096;
    memcpy(File.Bytes + Offset, &Outside, 8);
    assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
    assert_non_null(strstr(Reason, "load configuration"));
    free(File.Bytes);
}

static void refuses_a_bad_relocation(void **state)
{
    (void)state;
    FILE_BYTES File = Read(1);
    char Reason[512];
    NTSTATUS Status;
    for (ULONG i = 0; i < Headers(&File)->NumberOfSections; i++) {
        PE_SECTION *Section = &Sections(&File)[i];
        if (memcmp(Section->Name, ".reloc", 6) != 0)
            continue;
        PE_RELOCATION_BLOCK *Block =
            (PE_RELOCATION_BLOCK *)(File.Bytes + Section->PointerToRawData);
        USHORT *Entry = (USHORT *)(Block + 1), Kept = *Entry;
        *Entry = (USHORT)((Kept & 0xfff) | 3 << 12);
        assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
        assert_non_null(strstr(Reason, "type 3"));
        *Entry = Kept;
        Block->PageRva = Headers(&File)->SizeOfImage;
        assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
        assert_non_null(strstr(Reason, "points outside"));
        Block->PageRva = 0x1000;
        Block->Size = 7;
        assert_false(TryLoad(File.Bytes, File.Length, &Status, Reason, sizeof(Reason)));
        assert_non_null(strstr(Reason, "damaged"));
        free(File.Bytes);
        return;
    }
    fail_msg("peprobe.sys has no relocations");
}

static void remembers_unloaded_images(void **state)
{
    (void)state;
    FILE_BYTES File = Read(0);
    IOP_DRIVER_IMAGE Image;
    char Where[128];
    assert_int_equal(LdrpLoadPe(File.Bytes, File.Length, "gone.sys", &Image, NULL, 0),
                     STATUS_SUCCESS);
    PVOID Inside = (PUCHAR)Image.ImageBase + 0x1234;
    assert_true(LdrpDescribeAddress(Inside, Where, sizeof(Where)));
    assert_string_equal(Where, "gone.sys+0x1234");
    Image.Release(Image.LoaderHandle);
    assert_true(LdrpDescribeAddress(Inside, Where, sizeof(Where)));
    assert_string_equal(Where, "gone.sys+0x1234 (unloaded)");
    free(File.Bytes);
}

static void finds_exports(void **state)
{
    (void)state;
    assert_true(LdrExportCount > 100);
    for (ULONG i = 0; i < LdrExportCount; i++) {
        assert_ptr_equal(LdrFindExport(LdrExports[i].Module, LdrExports[i].Name),
                         LdrExports[i].Address);
        for (ULONG j = i + 1; j < LdrExportCount; j++) {
            if (strcmp(LdrExports[i].Name, LdrExports[j].Name) == 0 &&
                strcmp(LdrExports[i].Module, LdrExports[j].Module) == 0)
                fail_msg("%s is listed twice", LdrExports[i].Name);
        }
    }
    assert_null(LdrFindExport("ntoskrnl.exe", "NoSuchRoutine"));
    assert_null(LdrFindExport("wmilib.sys", "IoCreateDevice"));
    assert_ptr_equal(LdrFindExport("NTOSKRNL.EXE", "IoCreateDevice"), (PVOID)IoCreateDevice);
    assert_ptr_equal(LdrFindExport("hal.dll", "IoCreateDevice"), (PVOID)IoCreateDevice);
    assert_null(LdrFindExport("ntoskrnl.exe", "iocreatedevice"));
}

/*
 * What a driver's import slot holds is what it takes for its POBJECT_TYPE pointer: the address of a
 * variable with the type. Compiled with dllimport it reads one more time.
 */
static void exports_types_as_windows_does(void **state)
{
    static const struct {
        const char *name;
        POBJECT_TYPE **headers;
    } types[] = {
        {"CmKeyObjectType", &CmKeyObjectType},
        {"ExEventObjectType", &ExEventObjectType},
        {"ExSemaphoreObjectType", &ExSemaphoreObjectType},
        {"IoDeviceObjectType", &IoDeviceObjectType},
        {"IoDriverObjectType", &IoDriverObjectType},
        {"IoFileObjectType", &IoFileObjectType},
        {"PsProcessType", &PsProcessType},
        {"PsThreadType", &PsThreadType},
    };

    (void)state;
    assert_int_equal(ntio_boot(NULL), 0);
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        PVOID slot = LdrFindExport("ntoskrnl.exe", types[i].name);
        POBJECT_TYPE type = **types[i].headers;

        assert_non_null(slot);
        assert_non_null(type);
        assert_ptr_equal(*(POBJECT_TYPE *)slot, type);
        assert_ptr_equal(**(POBJECT_TYPE **)slot, type);
    }
    assert_ptr_equal(*(PEPROCESS *)LdrFindExport("ntoskrnl.exe", "PsInitialSystemProcess"),
                     PsInitialSystemProcess);
    assert_int_equal(*(PBOOLEAN)LdrFindExport("ntoskrnl.exe", "KdDebuggerEnabled"),
                     *KdDebuggerEnabled);
    assert_int_equal(*(PBOOLEAN)LdrFindExport("ntoskrnl.exe", "KdDebuggerNotPresent"),
                     *KdDebuggerNotPresent);
    assert_int_equal(*(PCHAR)LdrFindExport("ntoskrnl.exe", "KeNumberProcessors"),
                     KeNumberProcessors);
    assert_int_equal(ntio_shutdown(), 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest Tests[] = {
        cmocka_unit_test(loads_whole_files),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(survives_odd_header_fields),
        cmocka_unit_test(survives_flipped_bits),
        cmocka_unit_test(refuses_with_the_right_sentence),
        cmocka_unit_test(names_all_missing_imports_at_once),
        cmocka_unit_test(names_a_missing_module),
        cmocka_unit_test(refuses_an_import_by_ordinal),
        cmocka_unit_test(sets_the_security_cookie),
        cmocka_unit_test(refuses_a_bad_relocation),
        cmocka_unit_test(remembers_unloaded_images),
        cmocka_unit_test(finds_exports),
        cmocka_unit_test(exports_types_as_windows_does),
    };
    for (int i = 1; i < argc && i < 3; i++)
        Paths[i - 1] = argv[i];
    return cmocka_run_group_tests(Tests, NULL, NULL);
}
