"""A whole machine and what one does to it: started, hurt, watched, and its logs read at the end."""
