/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * void tdcall_execute(struct tdcall_regs *regs): loads the registers, executes TDCALL, stores
 * them back.  In a Linux process the instruction raises SIGILL; tdcall.c answers it, at
 * tdcall_instruction and nowhere else.
 */
	.text
	.globl	tdcall_execute
	.type	tdcall_execute, @function
	.globl	tdcall_instruction
tdcall_execute:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	0(%rdi), %rax
	mov	8(%rdi), %rbx
	mov	16(%rdi), %rcx
	mov	24(%rdi), %rdx
	mov	32(%rdi), %rsi
	mov	48(%rdi), %r8
	mov	56(%rdi), %r9
	mov	64(%rdi), %r10
	mov	72(%rdi), %r11
	mov	80(%rdi), %r12
	mov	88(%rdi), %r13
	mov	96(%rdi), %r14
	mov	104(%rdi), %r15
	mov	40(%rdi), %rdi
tdcall_instruction:
	.byte	0x66, 0x0f, 0x01, 0xcc
	xchg	%rdi, (%rsp)
	mov	%rax, 0(%rdi)
	mov	%rbx, 8(%rdi)
	mov	%rcx, 16(%rdi)
	mov	%rdx, 24(%rdi)
	mov	%rsi, 32(%rdi)
	mov	%r8, 48(%rdi)
	mov	%r9, 56(%rdi)
	mov	%r10, 64(%rdi)
	mov	%r11, 72(%rdi)
	mov	%r12, 80(%rdi)
	mov	%r13, 88(%rdi)
	mov	%r14, 96(%rdi)
	mov	%r15, 104(%rdi)
	pop	%rax
	mov	%rax, 40(%rdi)
	/* Nothing the host chose, and no key word, stays in a scratch register. */
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	tdcall_execute, . - tdcall_execute

	.section .note.GNU-stack, "", @progbits
