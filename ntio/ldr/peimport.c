/* SPDX-License-Identifier: MIT */
/* peimport.c - what an image imports, and binding it to the export table. */
#include "ntio/ldr/ldrp.h"
#include "ntio.h"

#include <stdio.h>
#include <stdlib.h>

/* A terminated string of at most 255 characters inside the image, or NULL. */
static const char *LdrpStringAt(PLDRP_PE Pe, PUCHAR Base, ULONGLONG Rva)
{
    const char *Text = LdrpAt(Pe, Base, Rva, 1);
    if (Text == NULL)
        return NULL;
    SIZE_T Space = Pe->ImageSize - Rva;
    return memchr(Text, 0, Space < 256 ? Space : 256) != NULL ? Text : NULL;
}

NTSTATUS LdrpWalkImports(PLDRP_PE Pe, PUCHAR Base, LDRP_IMPORT_ROUTINE *Each, PVOID Context,
                         const char *File, char *Reason, size_t Size)
{
    PE_DIRECTORY Directory = Pe->Headers.Directories[PE_DIRECTORY_IMPORT];
    const NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    ULONG Imports = 0;

    if (Directory.Rva == 0)
        return STATUS_SUCCESS;
    for (ULONGLONG At = Directory.Rva;; At += sizeof(PE_IMPORT_DESCRIPTOR)) {
        PE_IMPORT_DESCRIPTOR Descriptor;
        PUCHAR Bytes = LdrpAt(Pe, Base, At, sizeof(Descriptor));
        if (Bytes == NULL)
            return LdrpSay(Reason, Size, Bad, "%s: its import table has no end", File);
        memcpy(&Descriptor, Bytes, sizeof(Descriptor));
        if (Descriptor.Module == 0 || Descriptor.AddressTable == 0)
            return STATUS_SUCCESS;
        /* A copy: a damaged address table may lie over the name. */
        CHAR Module[256];
        const char *ModuleName = LdrpStringAt(Pe, Base, Descriptor.Module);
        if (ModuleName == NULL || *ModuleName == '\0')
            return LdrpSay(Reason, Size, Bad, "%s: the name of a module it imports is damaged",
                           File);
        snprintf(Module, sizeof(Module), "%s", ModuleName);
        ULONG Names = Descriptor.NameTable != 0 ? Descriptor.NameTable : Descriptor.AddressTable;
        for (ULONGLONG Index = 0;; Index++) {
            ULONGLONG Entry;
            PUCHAR From = LdrpAt(Pe, Base, Names + Index * 8, 8);
            if (From == NULL)
                return LdrpSay(Reason, Size, Bad, "%s: what it imports from %s has no end", File,
                               Module);
            memcpy(&Entry, From, 8);
            if (Entry == 0)
                break;
            /* Descriptors may share tables; the count bounds the work, whatever they say. */
            if (++Imports > LDRP_IMPORT_MAXIMUM)
                return LdrpSay(Reason, Size, Bad, "%s claims more than %u imports", File,
                               LDRP_IMPORT_MAXIMUM);
            PVOID Slot = LdrpAt(Pe, Base, Descriptor.AddressTable + Index * 8, 8);
            const char *Name = NULL;
            if (!(Entry & PE_IMPORT_BY_ORDINAL))
                Name = LdrpStringAt(Pe, Base, Entry + 2); /* behind a hint */
            if (Slot == NULL || (Name == NULL && !(Entry & PE_IMPORT_BY_ORDINAL)) ||
                (Name != NULL && *Name == '\0'))
                return LdrpSay(Reason, Size, Bad, "%s: an import from %s is damaged", File, Module);
            if (!Each(Module, Name, (USHORT)Entry, Slot, Context))
                return STATUS_SUCCESS;
        }
        if (++Imports > LDRP_IMPORT_MAXIMUM)
            return LdrpSay(Reason, Size, Bad, "%s claims too many modules", File);
    }
}

typedef struct _LDRP_BINDING {
    const char *File;
    char *Reason; /* the missing ones are gathered here */
    size_t Size, Used;
    ULONG Missing, Unnamed; /* Unnamed: for which Reason had no room */
    CHAR LastModule[64];    /* whose names are being listed */
    NTSTATUS Status;
} LDRP_BINDING;

static VOID LdrpAddMissing(LDRP_BINDING *Binding, const char *Module, const char *Name,
                           USHORT Ordinal)
{
    CHAR Text[400];
    BOOLEAN NewModule = strncmp(Binding->LastModule, Module, sizeof(Binding->LastModule) - 1) != 0;
    int Length = 0;

    if (Binding->Missing++ == 0)
        Length = snprintf(Text, sizeof(Text), "%s imports what is not there: ", Binding->File);
    else
        Length = snprintf(Text, sizeof(Text), "%s", NewModule ? "; " : ", ");
    if (NewModule) {
        Length += snprintf(Text + Length, sizeof(Text) - (size_t)Length, "from %.63s ", Module);
        snprintf(Binding->LastModule, sizeof(Binding->LastModule), "%s", Module);
    }
    if (Name != NULL)
        Length += snprintf(Text + Length, sizeof(Text) - (size_t)Length, "%.255s", Name);
    else
        Length += snprintf(Text + Length, sizeof(Text) - (size_t)Length, "ordinal %u", Ordinal);
    /* Room for " and NNNNN more" stays. */
    if (Binding->Reason == NULL || Binding->Unnamed != 0 ||
        Binding->Used + (size_t)Length + 20 > Binding->Size) {
        Binding->Unnamed++;
        return;
    }
    memcpy(Binding->Reason + Binding->Used, Text, (size_t)Length + 1);
    Binding->Used += (size_t)Length;
}

static BOOLEAN LdrpBindImport(const char *Module, const char *Name, USHORT Ordinal, PVOID Slot,
                              PVOID Context)
{
    LDRP_BINDING *Binding = Context;
    PVOID Address = Name != NULL ? LdrFindExport(Module, Name) : NULL;
    if (Address == NULL) {
        LdrpAddMissing(Binding, Module, Name, Ordinal);
        Binding->Status = Name != NULL || Binding->Status == STATUS_DRIVER_ENTRYPOINT_NOT_FOUND
                              ? STATUS_DRIVER_ENTRYPOINT_NOT_FOUND
                              : STATUS_DRIVER_ORDINAL_NOT_FOUND;
        return TRUE;
    }
    memcpy(Slot, &Address, sizeof(Address));
    return TRUE;
}

NTSTATUS LdrpBindImports(PLDRP_PE Pe, PUCHAR Base, const char *File, char *Reason, size_t Size)
{
    LDRP_BINDING Binding = {.File = File, .Reason = Size != 0 ? Reason : NULL, .Size = Size};
    NTSTATUS Status = LdrpWalkImports(Pe, Base, LdrpBindImport, &Binding, File, Reason, Size);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Binding.Unnamed != 0 && Binding.Used != 0)
        snprintf(Reason + Binding.Used, Size - Binding.Used, " and %u more", Binding.Unnamed);
    else if (Binding.Unnamed != 0)
        LdrpSay(Reason, Size, 0, "%s imports %u routines that are not there", File,
                Binding.Unnamed);
    return Binding.Status;
}

/* For the tool and for reports; needs no boot. Declared in ntio.h. */
typedef struct _LDRP_LISTING {
    void (*Each)(const char *, const char *, bool, void *);
    void *Context;
} LDRP_LISTING;

static BOOLEAN LdrpListImport(const char *Module, const char *Name, USHORT Ordinal, PVOID Slot,
                              PVOID Context)
{
    LDRP_LISTING *Listing = Context;
    CHAR Text[24];
    UNREFERENCED_PARAMETER(Slot);
    if (Name == NULL)
        snprintf(Text, sizeof(Text), "#%u", Ordinal);
    Listing->Each(Module, Name != NULL ? Name : Text,
                  Name != NULL && LdrFindExport(Module, Name) != NULL, Listing->Context);
    return TRUE;
}

int32_t ntio_list_imports(const char *file,
                          void (*each)(const char *module, const char *name, bool there,
                                       void *context),
                          void *context, char *reason, size_t size)
{
    PVOID Bytes = NULL;
    SIZE_T Length;
    PUCHAR Base;
    const char *Name = LdrpBaseName(file);
    PLDRP_PE Pe = malloc(sizeof(*Pe));

    NTSTATUS Status = Pe != NULL
                          ? LdrpReadFile(file, &Bytes, &Length, reason, size)
                          : LdrpSay(reason, size, STATUS_INSUFFICIENT_RESOURCES, "out of memory");
    if (NT_SUCCESS(Status))
        Status = LdrpCheckPe(Bytes, Length, Pe, Name, reason, size);
    if (NT_SUCCESS(Status))
        Status = LdrpMapPe(Pe, &Base, Name, reason, size);
    if (NT_SUCCESS(Status)) {
        LDRP_LISTING Listing = {each, context};
        Status = LdrpWalkImports(Pe, Base, LdrpListImport, &Listing, Name, reason, size);
        LdrpUnmapPe(Pe, Base);
    }
    free(Bytes);
    free(Pe);
    return Status;
}
