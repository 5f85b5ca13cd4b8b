/* SPDX-License-Identifier: MIT */
/* print.c - devices, drivers and objects as people read them. Everything is copied first and
 * printed without a lock. */
#include "ntio/init/initp.h"

#include <stdlib.h>

/* The object's path, or Otherwise; free() it. NULL: out of memory. */
static char *InitpObjectName(PVOID Object, const char *Otherwise)
{
    UNICODE_STRING Path = {0};
    char *Name = NULL;
    if (NT_SUCCESS(ObpQueryName(Object, &Path))) {
        if (Path.Length != 0)
            Name = InitpNarrowString(&Path);
        if (Path.Buffer != NULL)
            ExFreePool(Path.Buffer);
    }
    return Name != NULL ? Name : strdup(Otherwise);
}

static const char *InitpLastPart(const char *Path)
{
    const char *Slash = strrchr(Path, '\\');
    return Slash != NULL ? Slash + 1 : Path;
}

/* ---- the device tree ---- */

/*
 * The lines to the left of a node's text: a bar for each ancestor that has younger siblings. Node i
 * is the last of its siblings if no later node has its depth before one has less.
 */
static BOOLEAN InitpIsLast(const INITP_LIST *Tree, ULONG Index, ULONG Depth)
{
    for (ULONG i = Index + 1; i < Tree->Count; i++) {
        const INITP_NODE *Node = Tree->Items[i];
        if (Node->Depth < Depth)
            return TRUE;
        if (Node->Depth == Depth)
            return FALSE;
    }
    return TRUE;
}

static VOID InitpIndent(FILE *Out, const INITP_LIST *Tree, ULONG Index, ULONG From, ULONG Depth)
{
    for (ULONG Level = From + 1; Level < Depth; Level++)
        fputs(InitpIsLast(Tree, Index, Level) ? "   " : "│  ", Out);
}

static VOID InitpPrintDeviceObject(FILE *Out, PDEVICE_OBJECT Device, PDEVICE_OBJECT Pdo)
{
    char *Driver = InitpObjectName(Device->DriverObject, "(no name)");
    char *Name = InitpObjectName(Device, "(no name)");
    fprintf(Out, "%-14s %s%s\n", Driver != NULL ? InitpLastPart(Driver) : "",
            Name != NULL ? Name : "", Device == Pdo ? "  (PDO)" : "");
    free(Name);
    free(Driver);
}

static VOID InitpPrintStack(FILE *Out, const INITP_LIST *Tree, ULONG Index, ULONG RootDepth)
{
    const INITP_NODE *Node = Tree->Items[Index];
    BOOLEAN HasChild = FALSE;
    if (Index + 1 < Tree->Count)
        HasChild = ((const INITP_NODE *)Tree->Items[Index + 1])->Depth > Node->Depth;
    PDEVICE_OBJECT Device = IoGetAttachedDeviceReference(Node->Pdo);
    while (Device != NULL) {
        InitpIndent(Out, Tree, Index, RootDepth, Node->Depth);
        if (Node->Depth > RootDepth)
            fputs(InitpIsLast(Tree, Index, Node->Depth) ? "   " : "│  ", Out);
        fputs(HasChild ? "│    " : "     ", Out);
        InitpPrintDeviceObject(Out, Device, Node->Pdo);
        PDEVICE_OBJECT Lower = Device != Node->Pdo ? IoGetLowerDeviceObject(Device) : NULL;
        ObDereferenceObject(Device);
        Device = Lower;
    }
}

void ntio_print_device_tree(FILE *out)
{
    INITP_LIST Tree;
    if (!InitpIsUp() || !InitpCopyTree(&Tree))
        return;
    ULONG RootDepth = Tree.Count != 0 ? ((INITP_NODE *)Tree.Items[0])->Depth : 0;
    for (ULONG i = 0; i < Tree.Count; i++) {
        const INITP_NODE *Node = Tree.Items[i];
        InitpIndent(out, &Tree, i, RootDepth, Node->Depth);
        if (Node->Depth > RootDepth)
            fputs(InitpIsLast(&Tree, i, Node->Depth) ? "└─ " : "├─ ", out);
        char *Instance = InitpNarrow(Node->InstancePath), *Service = InitpNarrow(Node->Service);
        fprintf(out, "%s", Instance != NULL ? Instance : "");
        if (Service != NULL && *Service != '\0')
            fprintf(out, "  [%s]", Service);
        fprintf(out, "  %s", InitpStateName(Node->State));
        if (Node->Problem != 0)
            fprintf(out, ", problem %u", Node->Problem);
        if (Node->Problem != 0 && Node->ProblemStatus != 0)
            fprintf(out, " (status 0x%08x)", (unsigned)Node->ProblemStatus);
        fputc('\n', out);
        free(Service);
        free(Instance);
        if (Node->Pdo != NULL)
            InitpPrintStack(out, &Tree, i, RootDepth);
    }
    InitpFreeTree(&Tree);
}

/* ---- drivers ---- */

static VOID InitpKeepDriver(PDRIVER_OBJECT Driver, PVOID Context)
{
    ObReferenceObject(Driver);
    if (!InitpAppend(Context, Driver))
        ObDereferenceObject(Driver);
}

static VOID InitpPrintDevices(FILE *Out, PDRIVER_OBJECT Driver)
{
    ULONG Count = 0, Space;
    PDEVICE_OBJECT *Devices = NULL;
    /* The list may grow between the question how many there are and the next. */
    for (;;) {
        Space = Count;
        NTSTATUS Status =
            IoEnumerateDeviceObjectList(Driver, Devices, Space * (ULONG)sizeof(*Devices), &Count);
        if (Status != STATUS_BUFFER_TOO_SMALL)
            break;
        for (ULONG i = 0; i < Space && i < Count; i++)
            ObDereferenceObject(Devices[i]);
        free(Devices);
        Count += 4;
        Devices = malloc(Count * sizeof(*Devices));
        if (Devices == NULL)
            return;
    }
    for (ULONG i = 0; i < Count && i < Space; i++) {
        char *Name = InitpObjectName(Devices[i], "(no name)");
        fprintf(Out, "  %s %s\n", i + 1 == Count ? "└─" : "├─", Name != NULL ? Name : "");
        free(Name);
        ObDereferenceObject(Devices[i]);
    }
    free(Devices);
}

void ntio_print_drivers(FILE *out)
{
    INITP_LIST Drivers = {0};
    if (!InitpIsUp())
        return;
    IopEnumerateDrivers(InitpKeepDriver, &Drivers);
    for (ULONG i = 0; i < Drivers.Count; i++) {
        PDRIVER_OBJECT Driver = Drivers.Items[i];
        char *Name = InitpNarrowString(&Driver->DriverName);
        fprintf(out, "%s", Name != NULL ? Name : "");
        if (Driver->DriverStart != NULL)
            fprintf(out, "  %p, %u bytes", Driver->DriverStart, Driver->DriverSize);
        fputc('\n', out);
        free(Name);
        InitpPrintDevices(out, Driver);
        ObDereferenceObject(Driver);
    }
    free(Drivers.Items);
}

/* ---- the namespace ---- */

typedef struct _INITP_NAME {
    char *Name, *Target;
    POBJECT_TYPE Type;
    ULONG Depth;
} INITP_NAME;

/* Under the namespace lock: text is copied, nothing of ob is called. */
static VOID InitpKeepName(PVOID Object, POBJECT_TYPE Type, PCUNICODE_STRING Name, ULONG Depth,
                          PCUNICODE_STRING LinkTarget, PVOID Context)
{
    INITP_LIST *List = Context;
    INITP_NAME *Copy = calloc(1, sizeof(*Copy));
    UNREFERENCED_PARAMETER(Object);
    if (Copy == NULL)
        return;
    Copy->Name = InitpNarrowString(Name);
    Copy->Target = LinkTarget != NULL ? InitpNarrowString(LinkTarget) : NULL;
    Copy->Type = Type;
    Copy->Depth = Depth;
    if (Copy->Name == NULL || !InitpAppend(List, Copy)) {
        free(Copy->Target);
        free(Copy->Name);
        free(Copy);
    }
}

void ntio_print_objects(FILE *out)
{
    INITP_LIST List = {0};
    if (!InitpIsUp())
        return;
    ObpEnumerateDirectory(NULL, InitpKeepName, &List);
    for (ULONG i = 0; i < List.Count; i++) {
        INITP_NAME *Entry = List.Items[i];
        char *Type = InitpNarrow(ObpTypeName(Entry->Type));
        fprintf(out, "%*s%s  %s%s%s\n", (int)Entry->Depth * 2, "", Entry->Name,
                Type != NULL ? Type : "", Entry->Target != NULL ? " -> " : "",
                Entry->Target != NULL ? Entry->Target : "");
        free(Type);
        free(Entry->Target);
        free(Entry->Name);
        free(Entry);
    }
    free(List.Items);
}
