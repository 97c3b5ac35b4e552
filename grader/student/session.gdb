# A first look: make debug LAB=02 GDB_SCRIPT=grader/student/session.gdb
# The session in labs/README.md is what this prints.
set trace-commands on
continue
backtrace 2
print/x vma->vm_start
print (vma->vm_end - vma->vm_start) / 4096
print vma->vm_pgoff
break remap_pfn_range
continue
# No types of the kernel's: arguments are in rdi, rsi, rdx, rcx, r8, here vma, address, frame, bytes.
print/x $rsi
print/x $rdx
print/x $rcx
finish
