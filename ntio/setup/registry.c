/* SPDX-License-Identifier: MIT */
/*
 * registry.c - AddReg, DelReg and BitReg sections.
 *
 * Sources: MS docs, "INF AddReg directive", "INF DelReg directive", "INF BitReg directive".
 */
#include "ntio/setup/setupp.h"

#define FLG_ADDREG_BINVALUETYPE   0x00000001
#define FLG_ADDREG_NOCLOBBER      0x00000002
#define FLG_ADDREG_DELVAL         0x00000004
#define FLG_ADDREG_APPEND         0x00000008
#define FLG_ADDREG_KEYONLY        0x00000010
#define FLG_ADDREG_OVERWRITEONLY  0x00000020
#define FLG_ADDREG_KEYONLY_COMMON 0x00002000
#define FLG_ADDREG_TYPE_MASK      0xffff0001
#define FLG_ADDREG_TYPE_SZ        0x00000000
#define FLG_ADDREG_TYPE_MULTI_SZ  0x00010000
#define FLG_ADDREG_TYPE_EXPAND    0x00020000
#define FLG_ADDREG_TYPE_BINARY    0x00000001
#define FLG_ADDREG_TYPE_DWORD     0x00010001
#define FLG_ADDREG_TYPE_NONE      0x00020001
#define FLG_ADDREG_TYPE_QWORD     0x000b0001
#define FLG_DELREG_DELSTRING      0x00018002
#define FLG_BITREG_SETBITS        0x00000001

#define REG_QWORD_ 11

/* Fields 1 to 3 of a line: where, and what value. */
typedef struct _SETUPP_PLACE {
    WCHAR *Key;  /* NT path */
    WCHAR *Name; /* empty: the default value */
    BOOLEAN HasName;
    BOOLEAN HasSubkey;
} SETUPP_PLACE;

static VOID SetuppFreePlace(SETUPP_PLACE *Place)
{
    free(Place->Key);
    free(Place->Name);
}

/* Values of a device that a .HW section writes as if they were parameters. */
static BOOLEAN SetuppIsProperty(const WCHAR *Name)
{
    static const WCHAR *const Properties[] = {
        L"UpperFilters", L"LowerFilters", L"FriendlyName",         L"Security",
        L"DeviceType",   L"Exclusive",    L"DeviceCharacteristics"};

    for (ULONG i = 0; i < RTL_NUMBER_OF(Properties); i++) {
        if (InfSame(Name, Properties[i]))
            return TRUE;
    }
    return FALSE;
}

static const WCHAR *SetuppRegistryRoot(const SETUP_RUN *Run, const WCHAR *Root, const WCHAR *Name,
                                       BOOLEAN HasSubkey)
{
    if (InfSame(Root, L"HKLM"))
        return L"\\Registry\\Machine";
    if (InfSame(Root, L"HKCR"))
        return L"\\Registry\\Machine\\Software\\Classes";
    if (InfSame(Root, L"HKCU"))
        return L"\\Registry\\User\\.Default";
    if (InfSame(Root, L"HKU"))
        return L"\\Registry\\User";
    if (!InfSame(Root, L"HKR"))
        return NULL;
    if (Run->DeviceKey != NULL && !HasSubkey && SetuppIsProperty(Name))
        return Run->DeviceKey;
    return Run->Hkr;
}

static ULONG SetuppPlace(const SETUP_RUN *Run, ULONG Part, const INF_LINE *Line,
                         SETUPP_PLACE *Place)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    WCHAR *Root = InfFieldOrEmpty(File, Line, 1), *Subkey = InfFieldOrEmpty(File, Line, 2), *From;
    const WCHAR *Base = NULL;
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;
    SIZE_T Length;

    memset(Place, 0, sizeof(*Place));
    Place->Name = InfFieldOrEmpty(File, Line, 3);
    if (Root == NULL || Subkey == NULL || Place->Name == NULL)
        goto Exit;
    for (From = Subkey; *From == L'\\'; From++)
        ;
    Length = NtCrt_wcslen(From);
    while (Length != 0 && From[Length - 1] == L'\\')
        From[--Length] = 0;
    Place->HasName = Place->Name[0] != 0;
    Place->HasSubkey = *From != 0;
    Base = SetuppRegistryRoot(Run, Root, Place->Name, Place->HasSubkey);
    if (Base == NULL) {
        SetuppLog(Run->Log, "reg", "!!! Line %u: there is no root %s here", (unsigned)Line->Number,
                  SetuppLogText(Run->Log, Root));
        Error = ERROR_BADKEY;
        goto Exit;
    }
    Place->Key = SetuppJoin(Base, *From != 0 ? L"\\" : L"", From, NULL);
    if (Place->Key != NULL)
        Error = ERROR_SUCCESS;
Exit:
    free(Root);
    free(Subkey);
    if (Error != ERROR_SUCCESS) {
        SetuppFreePlace(Place);
        memset(Place, 0, sizeof(*Place));
    }
    return Error;
}

static BOOLEAN SetuppValueExists(const SETUPP_PLACE *Place)
{
    ULONG Type, Bytes;
    PVOID Data;

    if (!NT_SUCCESS(CmpQueryValue(Place->Key, Place->Name, &Type, &Data, &Bytes)))
        return FALSE;
    ExFreePool(Data);
    return TRUE;
}

/* ---- lists of strings ---- */

static SIZE_T SetuppMultiCharacters(const WCHAR *List)
{
    SIZE_T Length = 0;

    while (List[Length] != 0)
        Length += NtCrt_wcslen(List + Length) + 1;
    return Length; /* without the last zero */
}

static NTSTATUS SetuppQueryMulti(const WCHAR *Key, const WCHAR *Name, WCHAR **List)
{
    NTSTATUS Status = CmpQueryString(Key, Name, List);

    if (Status == STATUS_OBJECT_NAME_NOT_FOUND || Status == STATUS_OBJECT_PATH_NOT_FOUND)
        *List = NULL;
    else if (!NT_SUCCESS(Status))
        return Status;
    return STATUS_SUCCESS;
}

NTSTATUS SetuppAppendMulti(const WCHAR *Key, const WCHAR *Name, const WCHAR *String)
{
    WCHAR *Old, *New;
    SIZE_T Length, Added = NtCrt_wcslen(String);
    NTSTATUS Status = SetuppQueryMulti(Key, Name, &Old);

    if (!NT_SUCCESS(Status))
        return Status;
    for (const WCHAR *At = Old; At != NULL && *At != 0; At += NtCrt_wcslen(At) + 1) {
        if (InfSame(At, String)) {
            ExFreePool(Old);
            return STATUS_SUCCESS;
        }
    }
    Length = Old == NULL ? 0 : SetuppMultiCharacters(Old);
    New = malloc((Length + Added + 2) * sizeof(WCHAR));
    Status = STATUS_INSUFFICIENT_RESOURCES;
    if (New != NULL) {
        if (Length != 0)
            memcpy(New, Old, Length * sizeof(WCHAR));
        memcpy(New + Length, String, (Added + 1) * sizeof(WCHAR));
        New[Length + Added + 1] = 0;
        Status = CmpSetMultiString(Key, Name, New);
    }
    free(New);
    if (Old != NULL)
        ExFreePool(Old);
    return Status;
}

NTSTATUS SetuppRemoveMulti(const WCHAR *Key, const WCHAR *Name, const WCHAR *String, ULONG *Left)
{
    WCHAR *Old, *New;
    SIZE_T Used = 0;
    NTSTATUS Status = SetuppQueryMulti(Key, Name, &Old);

    *Left = 0;
    if (!NT_SUCCESS(Status) || Old == NULL)
        return Status;
    New = calloc(SetuppMultiCharacters(Old) + 2, sizeof(WCHAR));
    for (const WCHAR *At = Old; New != NULL && *At != 0; At += NtCrt_wcslen(At) + 1) {
        if (InfSame(At, String))
            continue;
        NtCrt_wcscpy(New + Used, At);
        Used += NtCrt_wcslen(At) + 1;
        ++*Left;
    }
    Status = New == NULL ? STATUS_INSUFFICIENT_RESOURCES : CmpSetMultiString(Key, Name, New);
    free(New);
    ExFreePool(Old);
    return Status;
}

/* ---- AddReg ---- */

/* Fields from First on, each a hexadecimal byte; malloc. */
static UCHAR *SetuppBytes(const INF_FILE *File, const INF_LINE *Line, ULONG First, ULONG *Count)
{
    UCHAR *Bytes = malloc(Line->Count + 1);
    LONG Value;

    *Count = 0;
    for (ULONG i = First; Bytes != NULL && i <= Line->Count; i++) {
        WCHAR *Text = InfField(File, Line, i), *Hex = NULL;
        BOOLEAN Prefixed = Text != NULL && Text[0] == L'0' && (Text[1] == L'x' || Text[1] == L'X');

        Hex = Text == NULL ? NULL : SetuppJoin(Prefixed ? L"" : L"0x", Text, NULL);
        if (Hex == NULL ||
            (Text[0] != 0 && (!InfNumber(Hex, &Value) || Value < 0 || Value > 255))) {
            free(Bytes);
            Bytes = NULL;
        } else if (Text[0] != 0) {
            Bytes[(*Count)++] = (UCHAR)Value;
        }
        free(Hex);
        free(Text);
    }
    return Bytes;
}

/* A number in one field, or its bytes, the lowest first. */
static ULONG SetuppAddNumber(const INF_FILE *File, const INF_LINE *Line, const SETUPP_PLACE *Place,
                             ULONG Size)
{
    UCHAR Number[8] = {0};
    ULONG Count = 0;
    UCHAR *Bytes;
    LONG Value;

    if (Line->Count <= 5) {
        if (Line->Count == 5 && !InfFieldNumber(File, Line, 5, &Value))
            return ERROR_INVALID_DATA;
        if (Line->Count == 5)
            memcpy(Number, &Value, sizeof(Value));
    } else {
        Bytes = SetuppBytes(File, Line, 5, &Count);
        if (Bytes == NULL || Count > Size) {
            free(Bytes);
            return ERROR_INVALID_DATA;
        }
        memcpy(Number, Bytes, Count);
        free(Bytes);
    }
    return SetuppError(
        CmpSetValue(Place->Key, Place->Name, Size == 8 ? REG_QWORD_ : REG_DWORD, Number, Size));
}

static ULONG SetuppAddMulti(const INF_FILE *File, const INF_LINE *Line, const SETUPP_PLACE *Place,
                            BOOLEAN Append)
{
    WCHAR *List = calloc(2, sizeof(WCHAR)), *Larger;
    ULONG Error = List == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    SIZE_T Used = 0, Length;

    for (ULONG i = 5; i <= Line->Count && Error == ERROR_SUCCESS; i++) {
        WCHAR *Text = InfField(File, Line, i);

        if (Text == NULL) {
            Error = ERROR_NOT_ENOUGH_MEMORY;
        } else if (Text[0] == 0) {
            ; /* an empty string would end the list */
        } else if (Append) {
            Error = SetuppError(SetuppAppendMulti(Place->Key, Place->Name, Text));
        } else {
            Length = NtCrt_wcslen(Text) + 1;
            Larger = realloc(List, (Used + Length + 2) * sizeof(WCHAR));
            if (Larger == NULL) {
                Error = ERROR_NOT_ENOUGH_MEMORY;
            } else {
                List = Larger;
                memcpy(List + Used, Text, Length * sizeof(WCHAR));
                Used += Length;
                List[Used] = 0;
            }
        }
        free(Text);
    }
    if (Error == ERROR_SUCCESS && !Append)
        Error = SetuppError(CmpSetMultiString(Place->Key, Place->Name, List));
    free(List);
    return Error;
}

static ULONG SetuppAddString(const INF_FILE *File, const INF_LINE *Line, const SETUPP_PLACE *Place,
                             ULONG Type)
{
    WCHAR *Text = InfFieldOrEmpty(File, Line, 5);
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;

    if (Text != NULL)
        Error = SetuppError(CmpSetValue(Place->Key, Place->Name, Type, Text,
                                        (ULONG)((NtCrt_wcslen(Text) + 1) * sizeof(WCHAR))));
    free(Text);
    return Error;
}

static ULONG SetuppAddBinary(const INF_FILE *File, const INF_LINE *Line, const SETUPP_PLACE *Place,
                             ULONG Type)
{
    ULONG Count, Error;
    UCHAR *Bytes = SetuppBytes(File, Line, 5, &Count);

    if (Bytes == NULL)
        return ERROR_INVALID_DATA;
    Error = SetuppError(CmpSetValue(Place->Key, Place->Name, Type, Bytes, Count));
    free(Bytes);
    return Error;
}

static ULONG SetuppAddValue(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line,
                            const SETUPP_PLACE *Place, ULONG Flags)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    BOOLEAN Exists = SetuppValueExists(Place);
    NTSTATUS Status;

    if (Flags & FLG_ADDREG_DELVAL) {
        Status =
            Place->HasName ? CmpDeleteValue(Place->Key, Place->Name) : CmpDeleteTree(Place->Key);
        return Status == STATUS_OBJECT_NAME_NOT_FOUND ? ERROR_SUCCESS : SetuppError(Status);
    }
    if ((Flags & FLG_ADDREG_OVERWRITEONLY) && !Exists)
        return ERROR_SUCCESS;
    if (Flags & (FLG_ADDREG_KEYONLY | FLG_ADDREG_KEYONLY_COMMON))
        return SetuppError(CmpCreateKey(Place->Key));
    if ((Flags & FLG_ADDREG_NOCLOBBER) && Exists)
        return ERROR_SUCCESS;
    switch (Flags & FLG_ADDREG_TYPE_MASK) {
    case FLG_ADDREG_TYPE_SZ:
        return SetuppAddString(File, Line, Place, REG_SZ);
    case FLG_ADDREG_TYPE_EXPAND:
        return SetuppAddString(File, Line, Place, REG_EXPAND_SZ);
    case FLG_ADDREG_TYPE_MULTI_SZ:
        return SetuppAddMulti(File, Line, Place, (Flags & FLG_ADDREG_APPEND) != 0);
    case FLG_ADDREG_TYPE_DWORD:
        return SetuppAddNumber(File, Line, Place, 4);
    case FLG_ADDREG_TYPE_QWORD:
        return SetuppAddNumber(File, Line, Place, 8);
    case FLG_ADDREG_TYPE_BINARY:
        return SetuppAddBinary(File, Line, Place, REG_BINARY);
    case FLG_ADDREG_TYPE_NONE:
        return SetuppAddBinary(File, Line, Place, REG_NONE);
    default: /* any other type has its number in the upper half */
        if (Flags & FLG_ADDREG_BINVALUETYPE)
            return SetuppAddBinary(File, Line, Place, Flags >> 16);
        return ERROR_INVALID_DATA;
    }
}

ULONG SetuppAddReg(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS;
    SETUPP_PLACE Place;
    LONG Flags;

    for (ULONG i = 0; i < Section->Count && Error == ERROR_SUCCESS; i++) {
        const INF_LINE *Line = &Section->Lines[i];

        Error = SetuppPlace(Run, Part, Line, &Place);
        if (Error != ERROR_SUCCESS)
            break;
        (void)InfFieldNumber(File, Line, 4, &Flags);
        Error = SetuppAddValue(Run, Part, Line, &Place, (ULONG)Flags);
        if (Error != ERROR_SUCCESS)
            SetuppLog(Run->Log, "reg", "!!! [%s], line %u: error 0x%x",
                      SetuppLogText(Run->Log, Section->Name), (unsigned)Line->Number,
                      (unsigned)Error);
        SetuppFreePlace(&Place);
    }
    return Error;
}

/* ---- DelReg ---- */

ULONG SetuppDelReg(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS, Left;
    SETUPP_PLACE Place;
    NTSTATUS Status;
    LONG Flags;

    for (ULONG i = 0; i < Section->Count && Error == ERROR_SUCCESS; i++) {
        const INF_LINE *Line = &Section->Lines[i];

        Error = SetuppPlace(Run, Part, Line, &Place);
        if (Error != ERROR_SUCCESS)
            break;
        (void)InfFieldNumber(File, Line, 4, &Flags);
        if (((ULONG)Flags & FLG_DELREG_DELSTRING) == FLG_DELREG_DELSTRING) {
            WCHAR *Text = InfFieldOrEmpty(File, Line, 5);

            Status = Text == NULL ? STATUS_INSUFFICIENT_RESOURCES
                                  : SetuppRemoveMulti(Place.Key, Place.Name, Text, &Left);
            free(Text);
        } else if (Place.HasName) {
            Status = CmpDeleteValue(Place.Key, Place.Name);
        } else if (Place.HasSubkey) {
            Status = CmpDeleteTree(Place.Key);
        } else {
            Status = STATUS_SUCCESS; /* a root is never deleted */
        }
        /* What is gone already is as good. */
        if (Status != STATUS_OBJECT_NAME_NOT_FOUND && Status != STATUS_OBJECT_PATH_NOT_FOUND)
            Error = SetuppError(Status);
        SetuppFreePlace(&Place);
    }
    return Error;
}

/* ---- BitReg ---- */

static ULONG SetuppChangeBits(const SETUPP_PLACE *Place, ULONG Flags, UCHAR Mask, ULONG Index)
{
    ULONG Type, Bytes, Error = ERROR_SUCCESS;
    PUCHAR Data;

    /* A value that is not there has no bits; no error on Windows either. */
    if (!NT_SUCCESS(CmpQueryValue(Place->Key, Place->Name, &Type, (PVOID *)&Data, &Bytes)))
        return ERROR_SUCCESS;
    if ((Type == REG_BINARY || Type == REG_DWORD) && Index < Bytes) {
        if (Flags & FLG_BITREG_SETBITS)
            Data[Index] |= Mask;
        else
            Data[Index] &= (UCHAR)~Mask;
        Error = SetuppError(CmpSetValue(Place->Key, Place->Name, Type, Data, Bytes));
    }
    ExFreePool(Data);
    return Error;
}

ULONG SetuppBitReg(SETUP_RUN *Run, ULONG Part, const INF_SECTION *Section)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    ULONG Error = ERROR_SUCCESS;
    LONG Flags, Mask, Index;
    SETUPP_PLACE Place;

    for (ULONG i = 0; i < Section->Count && Error == ERROR_SUCCESS; i++) {
        const INF_LINE *Line = &Section->Lines[i];

        (void)InfFieldNumber(File, Line, 4, &Flags);
        if (!InfFieldNumber(File, Line, 5, &Mask) || Mask < 0 || Mask > 255 ||
            !InfFieldNumber(File, Line, 6, &Index) || Index < 0)
            return ERROR_INVALID_DATA;
        Error = SetuppPlace(Run, Part, Line, &Place);
        if (Error != ERROR_SUCCESS)
            break;
        Error = SetuppChangeBits(&Place, (ULONG)Flags, (UCHAR)Mask, (ULONG)Index);
        SetuppFreePlace(&Place);
    }
    return Error;
}
