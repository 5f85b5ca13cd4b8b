/* SPDX-License-Identifier: MIT */
/* strings.c - memory and UNICODE_STRINGs: counted, not ended by a zero, and never longer than their
 * buffer. */
#include "kernel_toolkit.h"

static VOID ToolkitCopyOut(WCHAR *To, ULONG Room, PCUNICODE_STRING From)
{
    UNICODE_STRING Target;

    Target.Buffer = To;
    Target.Length = 0;
    Target.MaximumLength = (USHORT)((Room - 1) * sizeof(WCHAR));
    RtlCopyUnicodeString(&Target, From); /* as much as there is room for */
    To[Target.Length / sizeof(WCHAR)] = 0;
}

static VOID ToolkitMemory(TOOLKIT_STRINGS *Report)
{
    UCHAR Block[16], Other[16];

    RtlFillMemory(Block, sizeof(Block), 0x5a);
    RtlCopyMemory(Other, Block, sizeof(Block));
    Other[11] = 0;
    Report->Compared = (ULONG)RtlCompareMemory(Block, Other, sizeof(Block));
    for (UCHAR i = 0; i < sizeof(Block); i++)
        Block[i] = i;
    RtlMoveMemory(Block + 4, Block, 12); /* they overlap */
    Report->Moved = Block[4] == 0 && Block[15] == 11;
    RtlZeroMemory(Block, sizeof(Block));
    RtlZeroMemory(Other, sizeof(Other));
    Report->Zeroed = RtlEqualMemory(Block, Other, sizeof(Block));
}

NTSTATUS ToolkitStrings(TOOLKIT_STRINGS *Report)
{
    UNICODE_STRING Name, Same, Begin, Upper, Number, Path, FromAnsi;
    WCHAR Digits[16], Buffer[64];
    ANSI_STRING Ansi;
    NTSTATUS Status;

    ToolkitMemory(Report);
    RtlInitUnicodeString(&Name, L"Kernel Toolkit");
    RtlInitUnicodeString(&Same, L"KERNEL toolkit");
    RtlInitUnicodeString(&Begin, L"kernel");
    Report->Equal = RtlEqualUnicodeString(&Name, &Same, TRUE);
    Report->EqualCase = RtlEqualUnicodeString(&Name, &Same, FALSE);
    Report->Prefix = RtlPrefixUnicodeString(&Begin, &Name, TRUE);

    /* Into a buffer that the routine makes, and that goes with RtlFreeUnicodeString. */
    Status = RtlUpcaseUnicodeString(&Upper, &Name, TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    ToolkitCopyOut(Report->Upper, RTL_NUMBER_OF(Report->Upper), &Upper);
    RtlFreeUnicodeString(&Upper);

    Number.Buffer = Digits;
    Number.Length = 0;
    Number.MaximumLength = sizeof(Digits);
    Status = RtlIntegerToUnicodeString(0xbeef, 16, &Number);
    if (NT_SUCCESS(Status))
        Status = RtlUnicodeStringToInteger(&Number, 16, &Report->Value);
    if (!NT_SUCCESS(Status))
        return Status;
    ToolkitCopyOut(Report->Number, RTL_NUMBER_OF(Report->Number), &Number);

    Path.Buffer = Buffer;
    Path.Length = 0;
    Path.MaximumLength = sizeof(Buffer);
    Status = RtlAppendUnicodeToString(&Path, L"\\Device\\");
    if (NT_SUCCESS(Status))
        Status = RtlAppendUnicodeStringToString(&Path, &Number);
    if (!NT_SUCCESS(Status))
        return Status;
    ToolkitCopyOut(Report->Appended, RTL_NUMBER_OF(Report->Appended), &Path);

    RtlInitAnsiString(&Ansi, "from ANSI");
    Status = RtlAnsiStringToUnicodeString(&FromAnsi, &Ansi, TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    ToolkitCopyOut(Report->FromAnsi, RTL_NUMBER_OF(Report->FromAnsi), &FromAnsi);
    RtlFreeUnicodeString(&FromAnsi);
    return STATUS_SUCCESS;
}
