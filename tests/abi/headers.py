#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles include/ddk: each header alone, all together as a driver includes them, and as ntio's own
sources do, beside libc's headers (before and behind); as C and as C++; with each compiler that is there.
A warning is an error. Then a driver's use of the inline routines and macros is compiled and looked at.

Exit status: 0, or 1 with what the compiler said.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys

COMMON = ['-fshort-wchar', '-ftls-model=initial-exec', '-fno-strict-aliasing',
          '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror']
LIBC = ['stdint.h', 'stdio.h', 'stdlib.h', 'string.h', 'wchar.h', 'pthread.h', 'unistd.h', 'errno.h',
        'signal.h', 'sys/mman.h', 'sys/socket.h', 'netinet/in.h', 'sys/uio.h']
NOT_ALONE = ('strsafe_body.h',)

USE = r'''
DRIVER_DISPATCH Dispatch;
DRIVER_UNLOAD Unload;
DRIVER_ADD_DEVICE AddDevice;
IO_COMPLETION_ROUTINE Completion;
KDEFERRED_ROUTINE Dpc;
static UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Sample");
DECLARE_GLOBAL_CONST_UNICODE_STRING(Other, L"other");
typedef struct _EXTENSION {
    LIST_ENTRY List;
    KSPIN_LOCK Lock;
    IO_REMOVE_LOCK RemoveLock;
    PDEVICE_OBJECT Lower;
    LONG Count;
} EXTENSION;
NTSTATUS NTAPI Completion(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
VOID NTAPI Dpc(PKDPC D, PVOID Context, PVOID A, PVOID B)
{
    UNREFERENCED_PARAMETER(D);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    InterlockedIncrement(&((EXTENSION *)Context)->Count);
}
NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    EXTENSION *x = (EXTENSION *)Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = IoAcquireRemoveLock(&x->RemoveLock, Irp);
    WCHAR text[32];
    KEVENT done;
    KIRQL irql;

    PAGED_CODE();
    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    KeAcquireSpinLock(&x->Lock, &irql);
    InsertTailList(&x->List, &Irp->Tail.Overlay.ListEntry);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&x->Lock, irql);
    status = RtlStringCbPrintfW(text, sizeof(text), L"%wZ %d", &Name, stack->MajorFunction);
    KdPrint(("%ws %d\n", text, (int)wcslen(text)));
    ASSERT(NT_SUCCESS(status));
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Completion, &done, TRUE, TRUE, TRUE);
    status = IoCallDriver(x->Lower, Irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    IoReleaseRemoveLock(&x->RemoveLock, Irp);
    return Irp->IoStatus.Status;
}
VOID NTAPI Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
}
NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT fdo;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(EXTENSION), &Name, FILE_DEVICE_CD_ROM, 0, FALSE,
                                     &fdo);
    EXTENSION *x;

    if (!NT_SUCCESS(status))
        return status;
    x = (EXTENSION *)fdo->DeviceExtension;
    RtlZeroMemory(x, sizeof(*x));
    InitializeListHead(&x->List);
    KeInitializeSpinLock(&x->Lock);
    IoInitializeRemoveLock(&x->RemoveLock, 'tset', 0, 0);
    IoInitializeDpcRequest(fdo, Dpc);
    x->Lower = IoAttachDeviceToDeviceStack(fdo, Pdo);
    fdo->Flags |= DO_DIRECT_IO;
    fdo->Flags &= ~DO_DEVICE_INITIALIZING;
    return RtlEqualUnicodeString(&Name, &Other, TRUE) ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        Driver->MajorFunction[i] = Dispatch;
    return STATUS_SUCCESS;
}
'''


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--include', required=True)
    p.add_argument('--out', default='.')
    a = p.parse_args()
    include = os.path.abspath(a.include)
    headers = sorted(h for h in glob.glob(include + '/**/*.h', recursive=True)
                     if os.path.basename(h) not in NOT_ALONE)
    driver = [h for h in headers if os.path.dirname(h) == include]
    all_of = '#include <wdm.h>\n#include <initguid.h>\n' + ''.join(
        '#include "%s"\n' % h for h in driver)
    libc = ''.join('#include <%s>\n' % h for h in LIBC)
    failed = count = 0
    os.makedirs(a.out, exist_ok=True)

    def compile_one(compiler, name, text, flags, cpp=False):
        nonlocal failed, count
        count += 1
        std = ['-std=gnu++17', '-x', 'c++'] if cpp else ['-std=gnu11', '-x', 'c']
        done = subprocess.run([compiler] + COMMON + flags + std +
                              ['-I', include, '-c', '-', '-o', os.path.join(a.out, 'headers.o')],
                              input=text, capture_output=True, text=True)
        if done.returncode:
            failed += 1
            print('FAILED %s: %s %s\n%s' % (compiler, name, ' '.join(flags), done.stderr[:3000]))

    kernel = ['-DNTIO_KERNEL_SOURCE']
    found = [(c, cpp) for c, cpp in (('gcc', False), ('clang', False), ('g++', True),
                                     ('clang++', True)) if shutil.which(c)]
    for compiler, cpp in found:
        for h in headers:
            compile_one(compiler, os.path.relpath(h, include), '#include "%s"\n' % h, [], cpp)
        compile_one(compiler, 'all', all_of, [], cpp)
        compile_one(compiler, 'all, twice', all_of + all_of, [], cpp)
        compile_one(compiler, 'libc before', libc + all_of, kernel, cpp)
        compile_one(compiler, 'libc behind', all_of + libc, kernel, cpp)
        for flags in (['-O0'], ['-O2'], ['-O2', '-DDBG=1'], ['-O1', '-fsanitize=address,undefined']):
            compile_one(compiler, 'a driver', '#include <wdm.h>\n#include <ntstrsafe.h>\n' +
                        ('extern "C" {\n%s}\n' % USE if cpp else USE), flags + ['-Wno-multichar'],
                        cpp)
    print('%d compilations by %s, %d failed' % (count, ', '.join(c for c, _ in found), failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
